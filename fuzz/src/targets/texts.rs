//! Texts of people and of AWS, one parser each; what cannot be reached often enough through a whole invocation.

use jiff::{SignedDuration, Timestamp};
use planner::budget::Amount;
use planner::capacity::Sleep;
use planner::model::{
    Digest, Image, ImageRef, ServiceId, Span, StoppedTask, TagPolicy, commit, is_environment, version_tag,
    with_times_in,
};
use serde_json::{Value, json};

use crate::target::{Sample, Target, Verdict};

/// Reads a text: what became of it, or why it is refused.
type Read = fn(&Value) -> Result<String, String>;

/// One target for each parser.
pub fn targets() -> Vec<Target> {
    fn of(name: &str, values: Vec<Value>, check: crate::target::Check) -> Target {
        let samples = values.into_iter().enumerate();
        let samples =
            samples.map(|(n, value)| Sample { name: n.to_string(), function: "", invocation: 0, value }).collect();
        Target { name: format!("text-{name}"), samples, check, cases: 3_000 }
    }
    let texts = |texts: &[&str]| texts.iter().map(|text| Value::from(*text)).collect::<Vec<_>>();
    vec![
        of("until", texts(&["2h", "90m", "1h 30m", "3d", "2026-11-21T18:00:00+01:00"]), |_, _, value| {
            read(value, until)
        }),
        of(
            "image",
            texts(&[
                "123456789012.dkr.ecr.eu-central-1.amazonaws.com/huskit/web:live",
                "123456789012.dkr.ecr.eu-central-1.amazonaws.com/huskit/web@sha256:2fe2ba0a3c2d4b3b8f1a0f5d5f3b1a1c8c1d3c4e5f60718293a4b5c6d7e8f901",
                "public.ecr.aws/nginx/nginx:1.27",
                "nginx",
            ]),
            |_, _, value| read(value, image),
        ),
        of("amount", texts(&["$412.37", "1,234.56 USD", "€1.234,56", "500", "412.37"]), |_, _, value| {
            read(value, amount)
        }),
        of(
            "arn",
            texts(&["arn:aws:ecs:eu-central-1:123456789012:service/huskit-prod/web", "huskit-prod/web"]),
            |_, _, value| read(value, arn),
        ),
        of("sleep", sleeps(), |_, _, value| read(value, sleep)),
        of("tag", tags(), |_, _, value| read(value, tag)),
        of("stopped", stopped(), |_, _, value| read(value, ending)),
    ]
}

fn read(value: &Value, read: Read) -> Verdict {
    match read(value) {
        Ok(read) => Verdict::Accepted(read),
        Err(error) if error.starts_with("LAW ") => Verdict::Broken(error),
        Err(error) => Verdict::Refused(error),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn now() -> Timestamp {
    Timestamp::constant(1_763_720_000, 0)
}

fn until(value: &Value) -> Result<String, String> {
    let span: Span = text(value).parse().map_err(|error: planner::Error| error.to_string())?;
    let (shown, kept) = (span.to_string(), String::from(span.clone()));
    let again: Span = kept.parse().map_err(|error| format!("LAW what is kept is not read: {kept}: {error}"))?;
    if again != span {
        return Err(format!("LAW what is kept is something else: {kept}"));
    }
    span.end(now()).map_err(|error| error.to_string())?;
    Ok(if shown.is_empty() { String::new() } else { "a span".to_owned() })
}

fn image(value: &Value) -> Result<String, String> {
    let image: ImageRef = text(value).parse().map_err(|error: planner::Error| error.to_string())?;
    let digest: Digest = "sha256:2fe2ba0a3c2d4b3b8f1a0f5d5f3b1a1c8c1d3c4e5f60718293a4b5c6d7e8f901"
        .parse()
        .map_err(|_| "a digest".to_owned())?;
    let pinned = image.pinned(&digest);
    pinned.parse::<ImageRef>().map_err(|error| format!("LAW a pinned image is none: {error}"))?;
    Ok(format!("{:?}", image.ecr_registry().is_some()))
}

fn amount(value: &Value) -> Result<String, String> {
    let amount: Amount = text(value).parse().map_err(|error: planner::Error| error.to_string())?;
    let kept = amount.to_string();
    kept.parse::<Amount>().map_err(|error| format!("LAW what is kept is not read: {kept}: {error}"))?;
    let whole = amount.with(50_000);
    let sums = (amount.percent_of(&whole), whole.percent_of(&amount), amount.exceeds(u32::MAX, &whole), amount.units());
    Ok(if sums.2 { "much".to_owned() } else { "an amount".to_owned() })
}

fn arn(value: &Value) -> Result<String, String> {
    let text = text(value);
    let id: ServiceId = text.parse().map_err(|error: planner::Error| error.to_string())?;
    let names = (commit(&text), version_tag(text.split_whitespace()), is_environment(&text));
    let _ = with_times_in(&jiff::tz::TimeZone::UTC, &text);
    Ok(format!("{} {}", id.name.is_empty(), names.2))
}

/// The windows of a document: read, checked, and asked at moments around every edge of a year.
fn sleep(value: &Value) -> Result<String, String> {
    let sleep: Sleep = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    sleep.validate("sleep").map_err(|error| error.to_string())?;
    for days in [0, 1, 30, 100, 127, 310, 340, 1_000_000] {
        let at = now().saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX);
        let _ = sleep.at(at);
        let _ = sleep.longer_at(at, SignedDuration::from_hours(30));
    }
    let _ = (sleep.at(Timestamp::MIN), sleep.at(Timestamp::MAX));
    Ok("windows".to_owned())
}

fn tag(value: &Value) -> Result<String, String> {
    let policy: TagPolicy = serde_json::from_value(value["policy"].clone()).map_err(|error| error.to_string())?;
    policy.validate("tag").map_err(|error| error.to_string())?;
    let tags: Vec<String> = value["tags"].as_array().into_iter().flatten().take(200).map(text).collect();
    let image = |n: usize| -> Image {
        let image =
            json!({ "digest": format!("sha256:{n:064x}"), "tag": tags[n], "pushed_at": "2026-11-21T10:00:00Z" });
        serde_json::from_value(image).unwrap_or_else(|error| panic!("an image: {error}"))
    };
    let images: Vec<Image> = (0..tags.len()).map(image).collect();
    let chosen = policy.choose(tags.iter().map(String::as_str).zip(&images)).is_some();
    let _ = (policy.to_string(), version_tag(tags.iter().map(String::as_str)));
    Ok(format!("{chosen}"))
}

fn ending(value: &Value) -> Result<String, String> {
    let optional = |field: &str| value[field].as_str().map(str::to_owned);
    let code = value["exit_code"]
        .as_i64()
        .map(|code| i32::try_from(code).map_err(|_| "an exit code beyond 32 bits".to_owned()))
        .transpose()?;
    let container = (optional("container").unwrap_or_default(), code, optional("containerReason"));
    let task = StoppedTask {
        code: optional("stopCode"),
        reason: optional("stoppedReason"),
        containers: vec![container],
        at: Some(now()),
    };
    let shown = task.to_string();
    let lines = shown.lines().count();
    Ok(format!("{:?} {}", task.ending(), lines > 1))
}

fn sleeps() -> Vec<Value> {
    vec![
        json!({ "zone": "Europe/Berlin", "windows": [{ "days": ["mon", "tue", "wed", "thu", "fri"], "from": "20:00", "to": "06:30" }] }),
        json!({
            "zone": "Europe/Berlin", "windows": [{ "from": "02:30", "to": "03:00" }, { "days": ["sat", "sun"], "from": "00:00", "to": "00:00" }],
            "except": ["2026-12-24", "2026-12-24..2027-01-02"],
        }),
        json!({ "zone": "Antarctica/Troll", "windows": [{ "days": ["sun"], "from": "23:59", "to": "23:58" }] }),
    ]
}

fn tags() -> Vec<Value> {
    let tags = json!(["latest", "v1.2.3", "1.10.0", "0a10001", "main-42"]);
    vec![
        json!({ "policy": { "exact": "latest" }, "tags": tags }),
        json!({ "policy": { "semver": ">=1.0, <2" }, "tags": tags }),
        json!({ "policy": { "glob": "main-*" }, "tags": tags }),
    ]
}

fn stopped() -> Vec<Value> {
    [
        ("EssentialContainerExited", "Essential container in task exited", 137, "OutOfMemoryError: Container killed due to memory usage"),
        ("TaskFailedToStart", "CannotPullContainerError: pull image manifest has been retried 7 time(s): not found", 0, ""),
        ("TaskFailedToStart", "ResourceInitializationError: unable to pull secrets or registry auth", 1, ""),
        ("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/1)", 0, ""),
        ("UserInitiated", "Task stopped by anna", 143, ""),
        ("SpotInterruption", "Your Spot Task was interrupted.", 0, ""),
    ]
    .map(|(code, reason, exit, why)| {
        json!({ "stopCode": code, "stoppedReason": reason, "container": "web", "exit_code": exit, "containerReason": why })
    })
    .into()
}
