//! Who is to blame for a failed deployment: the image or the environment.

use jiff::Timestamp;

use crate::model::{Ending, ServiceEvent, Task, endings, is_environment};
use crate::rollout::observed::Observed;

/// What tasks and events say about a deployment that failed, or takes too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// Tasks failed.
    Image,
    /// No task failed, and the environment kept tasks from starting or ended them.
    Environment,
    /// Neither.
    Unknown,
}

/// The blame, with the reasons for it in the words of ECS and the tasks.
pub(super) fn blame(observed: &Observed, since: Timestamp) -> (Blame, Vec<String>) {
    let that = |ending: Ending| move |task: &&Task| task.stopped.as_ref().is_some_and(|end| end.ending() == ending);
    let failed = endings(observed.stopped_tasks.iter().filter(that(Ending::Failure)));
    if !failed.is_empty() {
        return (Blame::Image, failed);
    }
    let mut prevented = endings(observed.stopped_tasks.iter().filter(that(Ending::Environment)));
    // A task that could not be placed never existed: the service's events alone mention it.
    let event = observed.service.events.iter().find(|event| event.at >= since && is_placement_failure(event));
    prevented.extend(event.map(|event| event.message.clone()));
    match prevented.is_empty() {
        true => (Blame::Unknown, Vec::new()),
        false => (Blame::Environment, prevented),
    }
}

/// `(service web) was unable to place a task. Reason: Capacity is unavailable at this time.`, or `failed to launch a
/// task with (error ECS was unable to assume the role ...)`:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html>.
fn is_placement_failure(event: &ServiceEvent) -> bool {
    ["unable to place a task", "failed to launch a task"].iter().any(|phrase| event.message.contains(phrase))
        || is_environment(&event.message)
}
