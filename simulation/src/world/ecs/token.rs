//! Client tokens of `RunTask`, <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html>.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::task::{Status, Task};
use crate::wire::{Answer, Failure};

/// "The time to live (TTL) for the `RunTask` client token is 24 hours".
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// "The client token maximum TTL is valid for whichever of the following two values is lower: 24 hours; the lifetime of the
/// resource plus one hour". "Failures that are over an hour old only include the number of failed tasks."
const AFTERWARDS: SignedDuration = SignedDuration::from_hours(1);

/// A request for tasks that was answered.
#[derive(Clone, Debug)]
pub(super) struct Requested {
    /// When.
    pub at: Timestamp,
    /// What it asked for.
    pub input: Value,
    /// The tasks that it started.
    pub tasks: Vec<u64>,
    /// The tasks that it could not start.
    pub failures: Value,
}

impl Requested {
    /// What another request with its token is answered; `None` once the token can be used again.
    pub(super) fn again(&self, input: &Value, known: &BTreeMap<u64, Task>, now: Timestamp) -> Option<Answer> {
        let found: Vec<&Task> = self.tasks.iter().filter_map(|number| known.get(number)).collect();
        let lives = |task: &&Task| task.stopped_at.is_none_or(|at| now.duration_since(at) < AFTERWARDS);
        let over = !self.tasks.is_empty() && !found.iter().any(lives);
        if over || now.duration_since(self.at) >= LONGEST {
            return None;
        }
        if self.input != *input {
            let mut failure = Failure::new("ConflictException", "The client token was used with other parameters.");
            let arns: Vec<&String> = found.iter().map(|task| &task.arn).collect();
            *failure.more = json!({ "resourceIds": arns });
            return Some(Err(failure));
        }
        let old = now.duration_since(self.at) >= AFTERWARDS;
        let count = self.failures.as_array().map_or(0, Vec::len);
        let failures = if old { json!(vec![json!({}); count]) } else { self.failures.clone() };
        let tasks: Vec<Value> = found.into_iter().filter_map(shown).collect();
        Some(Ok(json!({ "tasks": tasks, "failures": failures })))
    }
}

/// "Tasks that have been stopped for under an hour only include the task ARN, last status, and desired status."
fn shown(task: &Task) -> Option<Value> {
    let (_, view) = task.versions.back()?;
    if task.status < Status::Stopped {
        return Some(Value::clone(view));
    }
    let (arn, last, desired) = (&view["taskArn"], &view["lastStatus"], &view["desiredStatus"]);
    Some(json!({ "taskArn": arn, "lastStatus": last, "desiredStatus": desired }))
}
