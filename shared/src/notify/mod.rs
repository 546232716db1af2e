//! Messages to people: one value, rendered as text for email and as JSON for chat.
//!
//! One `Publish` carries both: SNS gives the text to email and queues, and the JSON to HTTPS subscribers, which is how
//! Amazon Q Developer in chat applications (Slack, Teams) subscribes. Its schema:
//! <https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html>.

mod request;
mod section;
mod text;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use request::request;
pub use section::Section;
use section::aligned;
pub(crate) use text::cut;
use text::{ascii, chat, line, quoted};

/// Longest subject that SNS takes, less one: it must be shorter than 100 characters.
const SUBJECT: usize = 99;
/// Longest scope in a subject.
const SCOPE: usize = 40;
/// Longest text of one message. SNS takes 256 KiB for all renderings together; a tenth of it is more than anyone reads.
const TEXT: usize = 12_000;
/// Longest title and description that the chat integration takes.
const CHAT_TITLE: usize = 250;
const CHAT_DESCRIPTION: usize = 4_000;
/// Longest value, and most facts, sections and next steps that a message keeps until it is sent.
const VALUE: usize = 1_000;
const FACTS: usize = 100;
const SECTIONS: usize = 10;
const STEPS: usize = 12;
/// Longest message that is kept until it is sent, in bytes of JSON.
const KEPT: usize = 40_000;

/// How soon an engineer should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something was held or refused; look today.
    Warning,
    /// Something failed; look now.
    Critical,
}

impl Severity {
    fn mark(self) -> &'static str {
        match self {
            Severity::Info => ":white_check_mark:",
            Severity::Warning => ":warning:",
            Severity::Critical => ":rotating_light:",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

/// One message: what happened, why, what it rests on, what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Identifies the announcement; the same one is not sent twice.
    pub key: String,
    /// Messages of one thread belong together: a deployment, an alarm.
    pub thread: String,
    /// How soon an engineer should look.
    pub severity: Severity,
    /// System and stage, at the end of the subject.
    pub scope: String,
    /// What happened, in a few words.
    pub title: String,
    /// What happened and why, in one or two sentences.
    pub summary: String,
    /// Label and value, in the order they are read.
    #[serde(default)]
    pub facts: Vec<(String, String)>,
    /// Further facts under headings, for messages that are long: the digest.
    #[serde(default)]
    pub sections: Vec<Section>,
    /// What to do next, one step a line.
    #[serde(default)]
    pub next_steps: Vec<String>,
}

impl Notification {
    /// A message that says no more than its title; `scope` is [`Fleet::title`](planner::fleet::Fleet::title).
    pub fn new(scope: &str, severity: Severity, key: &str, thread: &str, title: &str) -> Notification {
        Notification {
            key: key.to_owned(),
            thread: thread.to_owned(),
            severity,
            scope: scope.to_owned(),
            title: title.to_owned(),
            summary: String::new(),
            facts: Vec::new(),
            sections: Vec::new(),
            next_steps: Vec::new(),
        }
    }

    /// The same message, no longer than what is sent of it: text from outside has any length.
    pub(crate) fn within_limits(mut self) -> Notification {
        let short = |facts: &mut Vec<(String, String)>| {
            facts.truncate(FACTS);
            for (label, value) in facts {
                (*label, *value) = (cut(label, CHAT_TITLE, "..."), cut(value, VALUE, "..."));
            }
        };
        self.title = cut(&self.title, CHAT_TITLE, "...");
        self.summary = cut(&self.summary, CHAT_DESCRIPTION, " [cut]");
        short(&mut self.facts);
        self.sections.truncate(SECTIONS);
        for section in &mut self.sections {
            section.title = cut(&section.title, CHAT_TITLE, "...");
            short(&mut section.facts);
        }
        self.next_steps.truncate(STEPS);
        self.next_steps.iter_mut().for_each(|step| *step = cut(step, VALUE, "..."));
        // The longest list is the least that is missed.
        while serde_json::to_string(&self).map_or(0, |json| json.len()) > KEPT {
            let lists = self.sections.iter_mut().map(|section| &mut section.facts).chain([&mut self.facts]);
            let longest = lists.max_by_key(|facts| facts.len()).filter(|facts| !facts.is_empty());
            match longest {
                Some(facts) => drop(facts.pop()),
                None => break,
            }
        }
        self
    }

    /// What is sent instead of a message that SNS refuses: its title in a form that no check of SNS is about.
    pub fn refused(&self, why: &str) -> Notification {
        let title = cut(&ascii(&self.title), SCOPE, "...");
        let summary = format!(
            "SNS refused a message of this title: {}. The ledger's history and the log of the function have its content.",
            cut(&ascii(why), VALUE, "...")
        );
        let scope = cut(&ascii(&self.scope), SCOPE, "...");
        let title = format!("Refused by SNS: {title}");
        Notification { summary, ..Notification::new(&scope, self.severity, &self.key, &self.thread, &title) }
    }

    /// The subject of the email, its state first: `ALARM web-5xx [acme prod]`. ASCII, one line, shorter than
    /// 100 characters; a long title is cut, the scope is kept.
    pub fn subject(&self) -> String {
        let scope = cut(&ascii(&self.scope), SCOPE, "...");
        let title = cut(&ascii(&self.title), longest_title(&scope), "...");
        format!("{title} [{scope}]")
    }

    /// The body of the email.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", quoted(&self.summary));
        if !self.facts.is_empty() {
            text.push_str(&format!("\n{}", aligned(&self.facts, "")));
        }
        for section in &self.sections {
            text.push_str(&section.text());
        }
        if !self.next_steps.is_empty() {
            text.push_str("\nNext\n");
            for step in &self.next_steps {
                text.push_str(&format!("- {}\n", line(step)));
            }
        }
        cut(&text, TEXT, "\n[cut]\n")
    }

    /// The custom notification that the chat integration shows.
    pub fn chat(&self) -> Value {
        let facts = self.facts.iter().map(|(label, value)| format!("*{}*  {}", line(label), line(value)));
        let sections = self.sections.iter().map(Section::markdown);
        let description: Vec<String> = std::iter::once(quoted(&self.summary)).chain(facts).chain(sections).collect();
        let (title, scope) = (chat(&line(&self.title)), chat(&line(&self.scope)));
        let description = chat(&description.join("\n"));
        let next_steps = self.next_steps.iter().map(|step| cut(&chat(&line(step)), CHAT_DESCRIPTION, " [cut]"));
        json!({
            "version": "1.0",
            "source": "custom",
            "id": self.key,
            "content": {
                "textType": "client-markdown",
                "title": cut(&format!("{} {title} [{scope}]", self.severity.mark()), CHAT_TITLE, "..."),
                "description": cut(&description, CHAT_DESCRIPTION, " [cut]"),
                "nextSteps": next_steps.collect::<Vec<_>>(),
                "keywords": [scope, self.severity.label()],
            },
            "metadata": {
                "threadId": self.thread,
                "summary": cut(&title, CHAT_TITLE, "..."),
                "eventType": self.severity.label(),
            },
        })
    }

    /// The message for SNS with `MessageStructure` `json`: each protocol gets its own rendering.
    pub fn payload(&self) -> String {
        json!({ "default": self.text(), "https": self.chat().to_string() }).to_string()
    }
}

fn longest_title(scope: &str) -> usize {
    SUBJECT - scope.len() - " []".len()
}

/// The first of `titles` that a subject takes whole, or the last of them; `scope` is that of the message. A subject that is
/// cut ends in the middle of a phrase, so a title with a long detail comes with a shorter form.
pub fn title_that_fits<'t>(scope: &str, titles: &'t [String]) -> &'t str {
    let longest = longest_title(&cut(&ascii(scope), SCOPE, "..."));
    let fits = titles.iter().find(|title| ascii(title).len() <= longest);
    fits.or(titles.last()).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_title_that_a_subject_takes_whole_is_chosen() {
        let titles = |longest: usize| ["x".repeat(longest), "short".to_owned()];
        assert_eq!(title_that_fits("acme prod", &titles(87)), "x".repeat(87));
        assert_eq!(title_that_fits("acme prod", &titles(88)), "short");
        let scope = "s".repeat(50);
        assert_eq!(title_that_fits(&scope, &titles(57)), "short");
        let none = ["y".repeat(100), "z".repeat(100)];
        assert_eq!(title_that_fits("acme prod", &none), none[1]);
    }

    fn notification() -> Notification {
        Notification {
            key: "completed/ecs-svc/1".into(),
            thread: "ecs-svc/1".into(),
            severity: Severity::Critical,
            scope: "huskit prod".into(),
            title: "website-agent: v2 failed – rolled back".into(),
            summary: "The deployment failed.".into(),
            facts: vec![("image".into(), "v2 (abc)".into()), ("by".into(), "push".into())],
            sections: Vec::new(),
            next_steps: vec!["Look at the logs.".into()],
        }
    }

    #[test]
    fn reads_well_in_an_inbox() {
        let text = "The deployment failed.\n\nimage  v2 (abc)\nby     push\n\nNext\n- Look at the logs.\n";
        assert_eq!(notification().text(), text);
        assert_eq!(notification().subject(), "website-agent: v2 failed - rolled back [huskit prod]");
    }

    /// Names, reasons and descriptions come from outside.
    #[test]
    fn words_of_others_are_no_part_of_the_message_and_notify_no_one() {
        let words = "launch\n\nNext\n- Delete the stack. <!channel> <https://evil.example|runbook>".to_owned();
        let message = Notification {
            title: words.clone(),
            summary: format!("Frozen by anna: {words}"),
            facts: vec![("reason".into(), words.clone())],
            sections: vec![Section { title: words.clone(), facts: vec![(words.clone(), words.clone())] }],
            next_steps: vec![format!("Unfreeze it: {words}")],
            ..notification()
        };
        let text = message.text();
        assert_eq!(text.lines().filter(|line| *line == "Next").count(), 1, "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with("- ")).count(), 1, "{text}");
        assert_eq!(message.subject().lines().count(), 1);
        let chat = message.chat().to_string();
        assert!(chat.contains("channel") && !chat.contains('<') && !chat.contains("\\n- Delete"), "{chat}");
    }

    #[test]
    fn sections_stand_between_the_facts_and_the_next_steps() {
        let facts =
            vec![("Sat 12:00".to_owned(), "v2 is verified".to_owned()), ("now".to_owned(), "frozen".to_owned())];
        let message = Notification { sections: vec![Section { title: "Rollouts".into(), facts }], ..notification() };
        let section = "by     push\n\nRollouts\n  Sat 12:00  v2 is verified\n  now        frozen\n\nNext\n";
        assert!(message.text().contains(section), "{}", message.text());
        let chat = message.chat()["content"]["description"].as_str().unwrap().to_owned();
        assert!(chat.ends_with("\n\n*Rollouts*\n- Sat 12:00  v2 is verified\n- now  frozen"), "{chat}");
    }

    #[test]
    fn stays_within_what_sns_and_chat_take() {
        let long = "ä".repeat(300_000);
        let message =
            Notification { title: long.clone(), summary: long.clone(), next_steps: vec![long], ..notification() };
        assert!(message.subject().len() < 100 && message.subject().is_ascii());
        assert!(message.payload().len() < 256 * 1024, "{}", message.payload().len());
        assert!(message.chat()["content"]["title"].as_str().unwrap().chars().count() <= CHAT_TITLE);
    }

    #[test]
    fn a_subject_is_one_line_of_ascii() {
        let message = Notification { title: "a\r\nb\u{7}c".into(), scope: "\u{1F600}".into(), ..notification() };
        assert_eq!(message.subject(), "a b c [?]");
    }

    #[test]
    fn carries_the_text_for_everybody_and_the_chat_schema_for_https() {
        let payload: Value = serde_json::from_str(&notification().payload()).unwrap();
        assert_eq!(payload["default"], notification().text());
        let chat: Value = serde_json::from_str(payload["https"].as_str().unwrap()).unwrap();
        assert_eq!((chat["version"].as_str(), chat["source"].as_str()), (Some("1.0"), Some("custom")));
        assert_eq!(chat["metadata"]["threadId"], "ecs-svc/1");
    }
}
