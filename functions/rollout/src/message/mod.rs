//! Messages to people, built from results by pure functions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use planner::fleet::{Fleet, ServicePolicy};
use planner::model::{Image, format_duration, format_time};
use planner::rollout::{Freeze, Reason, Record, Rollout};
use shared::notify::{Notification, Severity};

use crate::{Request, Trigger};

/// The new images run.
pub(crate) fn completed(
    fleet: &Fleet,
    policy: &ServicePolicy,
    rollout: &Rollout,
    ran_before: &BTreeMap<String, Image>,
    deployment: &str,
    now: Timestamp,
) -> Notification {
    let mut facts = changes(&rollout.images, ran_before);
    facts.push(("why".into(), rollout.cause.to_string()));
    facts.push(("took".into(), format_duration(now.duration_since(rollout.started_at))));
    facts.push(("deployment".into(), deployment.into()));
    Notification {
        summary: format!("{} runs {} now, verified by its running tasks.", policy.name, names(&rollout.images)),
        facts,
        next_steps: vec![format!("To go back: {}", ask("rollback", policy))],
        ..notification(
            fleet,
            Severity::Info,
            &format!("completed/{deployment}"),
            deployment,
            &format!("{} runs {}", policy.name, names(&rollout.images)),
        )
    }
}

/// The service runs no tasks; the image waits.
pub(crate) fn staged(fleet: &Fleet, policy: &ServicePolicy, rollout: &Rollout, deployment: &str) -> Notification {
    let images = names(&rollout.images);
    Notification {
        summary: format!(
            "{} runs no tasks, so {images} is deployed but not proven. It is verified when the service wakes.",
            policy.name
        ),
        facts: vec![("why".into(), rollout.cause.to_string()), ("deployment".into(), deployment.into())],
        ..notification(
            fleet,
            Severity::Info,
            &format!("staged/{deployment}"),
            deployment,
            &format!("{}: {images} is staged", policy.name),
        )
    }
}

/// The new images failed.
pub(crate) fn failed(
    fleet: &Fleet,
    policy: &ServicePolicy,
    rollout: &Rollout,
    record: &Record,
    recover: Option<&str>,
    (why, quarantined): (&str, usize),
    now: Timestamp,
) -> Notification {
    let images = names(&rollout.images);
    let good = record.current().map_or(&rollout.before, |release| &release.images);
    let outcome = match (recover, good.is_empty()) {
        (Some(_), _) => format!("ECS puts {} back.", names(good)),
        (None, false) => format!("{} still runs.", names(good)),
        (None, true) => "Nothing ran before, so nothing can be put back: the service is down.".into(),
    };
    let thread = recover.unwrap_or(&rollout.id);
    let facts = vec![
        ("reason".into(), why.to_owned()),
        ("why it was rolled".into(), rollout.cause.to_string()),
        ("after".into(), format_duration(now.duration_since(rollout.started_at))),
    ];
    // A roll forward of images that were verified before puts none of them into quarantine.
    let refused = match quarantined {
        0 => "",
        1 => " The digest is in quarantine and is not rolled again by itself.",
        _ => " The digests are in quarantine and are not rolled again by themselves.",
    };
    Notification {
        summary: format!("{images} failed on {}. {outcome}{refused}", policy.name),
        facts,
        next_steps: vec![
            format!("Read the logs of {} around {}.", policy.name, format_time(now)),
            "Push a fixed image: it is rolled by itself.".into(),
            format!("To try the same image again: {}", ask("retry", policy)),
        ],
        ..notification(
            fleet,
            Severity::Critical,
            &format!("failed/{}/{thread}", rollout.id),
            thread,
            &format!("{}: {images} failed", policy.name),
        )
    }
}

/// The former images run again.
pub(crate) fn recovered(fleet: &Fleet, policy: &ServicePolicy, record: &Record, failed: &str) -> Notification {
    let images = record.current().map_or_else(|| "what ran before".into(), |release| names(&release.images));
    Notification {
        summary: format!("{} runs {images} again. The rollback after {failed} is complete.", policy.name),
        ..notification(
            fleet,
            Severity::Info,
            &format!("recovered/{failed}"),
            failed,
            &format!("{} runs {images} again", policy.name),
        )
    }
}

/// Tasks are replaced by others of the same revision.
pub(crate) fn restarted(fleet: &Fleet, policy: &ServicePolicy, reason: &Reason, deployment: &str) -> Notification {
    Notification {
        summary: format!(
            "{}: {reason}. Its tasks are replaced one after the other by others of what runs.",
            policy.name
        ),
        facts: vec![("deployment".into(), deployment.into())],
        ..notification(
            fleet,
            Severity::Info,
            &format!("restarted/{deployment}"),
            deployment,
            &format!("{} is restarted", policy.name),
        )
    }
}

/// Pushes are held back from now on, or no longer.
pub(crate) fn frozen(
    fleet: &Fleet,
    policy: &ServicePolicy,
    freeze: Option<&Freeze>,
    by: &str,
    now: Timestamp,
) -> Notification {
    let thread = format!("freeze/{}", policy.id());
    let key = format!("{thread}/{now}");
    let title = match freeze {
        Some(freeze) => format!("{}: pushes are held until {}", policy.name, format_time(freeze.until)),
        None => format!("{}: pushes are rolled again", policy.name),
    };
    let why = freeze.and_then(|freeze| freeze.why.as_ref()).map(|why| format!(": {why}")).unwrap_or_default();
    let (summary, next_steps) = match freeze {
        Some(freeze) => {
            let summary = format!(
                "{by} holds pushes of {} back until {}{why}. The newest is rolled when that ends; until then its capacity is \
                 left as it is, too.",
                policy.name,
                format_time(freeze.until)
            );
            (summary, vec![format!("To end it sooner: {}", ask("unfreeze", policy))])
        }
        None => (format!("{by} ended the freeze of {}.", policy.name), Vec::new()),
    };
    Notification { summary, next_steps, ..notification(fleet, Severity::Info, &key, &thread, &title) }
}

/// What is worth telling although nothing was done; each is told once.
pub(crate) fn kept(
    fleet: &Fleet,
    policy: &ServicePolicy,
    reason: &Reason,
    trigger: &Trigger,
    now: Timestamp,
) -> Option<Notification> {
    let say = |severity: Severity, key: String, title: String, next_steps: Vec<String>| Notification {
        summary: format!("{}: {reason}.", policy.name),
        next_steps,
        ..notification(fleet, severity, &key, &key, &format!("{}: {title}", policy.name))
    };
    match reason {
        Reason::Frozen { image, freeze } => {
            let step = format!("To release it now: {}", ask("unfreeze", policy));
            Some(say(
                Severity::Info,
                format!("held/{}/{}", image.digest, freeze.until),
                format!("{image} is held"),
                vec![step],
            ))
        }
        Reason::ScanRefused { image, .. } => {
            let step = format!("To roll it all the same: {}", ask("retry", policy));
            Some(say(Severity::Warning, format!("scan/{}", image.digest), format!("{image} is refused"), vec![step]))
        }
        // Only a push that came after the quarantine is news; ticks and late copies of the first push are not.
        Reason::Quarantined { image, since, .. } => match trigger {
            Trigger::Push { at: Some(at), .. } if at > since => {
                let step = format!("To try it again: {}", ask("retry", policy));
                let key = format!("refused/{}/{at}", image.digest);
                Some(say(Severity::Warning, key, format!("{image} is refused"), vec![step]))
            }
            _ => None,
        },
        Reason::Overdue { what, .. } => {
            let step = format!("Look at the events of the service; to give up: {}", ask("rollback", policy));
            Some(say(Severity::Warning, format!("overdue/{what}"), "the rollout is overdue".into(), vec![step]))
        }
        // Somebody asked and waits for an answer; what asks may be a function that hears none.
        Reason::OtherDeployment { asked, .. } => {
            let key = format!("refused/rollback/{asked}");
            Some(say(Severity::Warning, key, "the rollback is refused".into(), vec![ask_for_one(policy)]))
        }
        Reason::NothingRuns => {
            let key = format!("refused/restart/{now}");
            Some(say(Severity::Warning, key, "the restart is refused".into(), Vec::new()))
        }
        Reason::ReplacesTasks { deployment } => {
            let key = format!("refused/restart/{deployment}");
            Some(say(Severity::Warning, key, "the restart is refused".into(), Vec::new()))
        }
        // The same request once more, late or repeated after a crash, was answered by the restart itself.
        Reason::CoolingDown { by, .. } if asker(trigger) == Some(by.as_str()) => None,
        Reason::CoolingDown { at, .. } => {
            let key = format!("refused/restart/{at}/{}", asker(trigger).unwrap_or_default());
            let step = format!("To restart it all the same: {}", ask("restart", policy));
            Some(say(Severity::Warning, key, "the restart is refused".into(), vec![step]))
        }
        Reason::Stuck { revision } => {
            let step = "Compare that revision with the one before: its environment, secrets, sizes.".to_owned();
            Some(say(Severity::Critical, format!("stuck/{revision}"), "cannot be rolled forward".into(), vec![step]))
        }
        _ => None,
    }
}

fn notification(fleet: &Fleet, severity: Severity, key: &str, thread: &str, title: &str) -> Notification {
    Notification::new(&fleet.title(), severity, key, thread, title)
}

/// `latest (ab12cd34ef56)`; several images joined.
fn names(images: &BTreeMap<String, Image>) -> String {
    images.values().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

fn changes(after: &BTreeMap<String, Image>, before: &BTreeMap<String, Image>) -> Vec<(String, String)> {
    let line = |(repository, image): (&String, &Image)| match before.get(repository) {
        Some(before) if before.digest == image.digest => None,
        Some(before) => {
            Some((repository.clone(), format!("{before} -> {image}, pushed {}", format_time(image.pushed_at))))
        }
        None => Some((repository.clone(), format!("{image}, pushed {}", format_time(image.pushed_at)))),
    };
    after.iter().filter_map(line).collect()
}

/// Who asks for a restart.
fn asker(trigger: &Trigger) -> Option<&str> {
    match trigger {
        Trigger::Request(Request::Restart { by, .. }) => Some(by),
        _ => None,
    }
}

fn ask_for_one(policy: &ServicePolicy) -> String {
    format!("If what runs is bad too: {}", ask("rollback", policy))
}

/// The request to send, as `sam remote invoke` and the console take it.
fn ask(action: &str, policy: &ServicePolicy) -> String {
    let service = &policy.name;
    format!(r#"invoke the rollout function with {{"action":"{action}","service":"{service}","by":"<you>"}}"#)
}

#[cfg(test)]
mod tests;
