//! What the functions answered and the events of AWS, in lines.

use serde_json::Value;

use super::Step;
use crate::screen::{Line, Paint, labelled_as};

/// How much of a link is shown.
const LINK: usize = 80;
/// What names the subject of a decision.
const SUBJECTS: [&str; 5] = ["service", "alarm", "budget", "database", "system"];
/// Decisions that change and announce nothing.
const QUIET: [&str; 3] = ["keep", "left_unchanged", "record"];

impl Step<'_> {
    /// Shows the answer of one function, or of several under their names.
    pub(super) fn show_answer(&mut self, answer: &Value) {
        if let Some(error) = answer["error"]["message"].as_str() {
            return self.failure("REFUSED", error);
        }
        let of_several = |answer: &&Value| answer.get("decisions").is_none() && answer.get("ignored").is_none();
        let Some(answers) = Some(answer).filter(of_several).and_then(Value::as_object) else {
            return self.show_report(answer);
        };
        for (function, answer) in answers {
            match answer["error"]["message"].as_str() {
                Some(error) => self.failure("FAILED", &format!("{function}: {error}")),
                None => self.show_report(answer),
            }
        }
    }

    /// Shows each decision; those of several services that are kept as they are in one line.
    fn show_report(&mut self, report: &Value) {
        if let Some(reason) = report["ignored"].as_str() {
            labelled_as(Line::Detail, "ignored", Paint::Dim, reason);
        }
        let lines = report["decisions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let (kept, others): (Vec<&Value>, Vec<&Value>) =
            lines.iter().partition(|line| lines.len() > 1 && line["decision"] == "keep");
        for line in others {
            self.show_line(line);
        }
        let kept: Vec<String> =
            kept.into_iter().map(|line| format!("{} ({})", subject(line), text(line, "reason"))).collect();
        if !kept.is_empty() {
            labelled_as(Line::Detail, "kept", Paint::Dim, &kept.join(", "));
        }
    }

    fn show_line(&mut self, line: &Value) {
        let (decision, why) = (text(line, "decision"), text(line, "why"));
        let decided = format!("{}: {decision} ({})", subject(line), text(line, "reason"));
        if !QUIET.contains(&decision) {
            self.summary.decided(&format!("{}: {decision}", subject(line)), text(line, "reason"), why);
        }
        labelled_as(Line::Detail, "decision", Paint::Bold, &format!("{decided}: {why}"));
        for change in line["changes"].as_array().into_iter().flatten() {
            labelled_as(Line::Detail, "effect", Paint::Green, change.as_str().unwrap_or_default());
        }
        if let Some(error) = line.get("error").filter(|error| !error.is_null()) {
            self.failure("error", &error.to_string());
        }
    }
}

fn text<'a>(line: &'a Value, name: &str) -> &'a str {
    line[name].as_str().unwrap_or_default()
}

/// Name of the service, alarm or budget that a line is about.
fn subject(line: &Value) -> &str {
    let named = SUBJECTS.iter().find_map(|name| line[*name].as_str()).unwrap_or_default();
    named.rsplit('/').next().unwrap_or_default()
}

/// Links into the console have hundreds of letters; their beginning says what they are.
pub(super) fn shorter(text: &str) -> String {
    let word = |word: &str| match word.char_indices().nth(LINK) {
        Some((end, _)) if word.starts_with("https://") => format!("{}...", &word[..end]),
        _ => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// An event in one line: what an operator would say happened.
pub(super) fn describe(event: &Value) -> String {
    let (detail, kind) = (&event["detail"], event["detail-type"].as_str().unwrap_or("unknown"));
    let text = |name: &str| detail[name].as_str().unwrap_or_default();
    let last = |arn: &Value| arn.as_str().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().to_owned();
    let said = match kind {
        "ECR Image Action" => {
            let digest: String = text("image-digest").chars().take(19).collect();
            format!("{} {}:{} {digest}", text("action-type"), text("repository-name"), text("image-tag"))
        }
        "ECS Deployment State Change" => {
            let name = text("eventName").trim_start_matches("SERVICE_DEPLOYMENT_");
            format!("{} {name}: {}", last(&event["resources"][0]), text("reason"))
        }
        "ECS Task State Change" => format!("{} {}: {}", text("startedBy"), text("lastStatus"), text("stoppedReason")),
        "ECS Service Action" => {
            let provider = last(&detail["capacityProviderArns"][0]);
            format!("{} {} {} {provider}", last(&event["resources"][0]), text("eventName"), text("reason"))
        }
        "CloudWatch Alarm State Change" => {
            let value = |state: &str| detail[state]["value"].as_str().unwrap_or_default().to_owned();
            format!("{} {} -> {}", text("alarmName"), value("previousState"), value("state"))
        }
        "CloudFormation Stack Status Change" => {
            detail["status-details"]["status"].as_str().unwrap_or_default().to_owned()
        }
        _ => event["source"].as_str().unwrap_or_default().to_owned(),
    };
    let played = if event["source"] == "aws.ecs" { " (played)" } else { "" };
    format!("{kind}: {said}{played}")
}
