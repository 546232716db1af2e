//! The decision: what to do next about one service's images.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::choose::{self, Choice, choose};
use super::judge::judge;
use super::policy::Policy;
use super::reason::Reason;
use super::restart;
use super::state::{Cause, Phase, Quarantine, Record, Restart, Rollout, same_digests};
use crate::model::{Digest, Image, Service, Task};

/// How long an invocation may hold a rollout before another takes it over. Longer than the function's timeout.
pub const LEASE: SignedDuration = SignedDuration::from_secs(90);

/// What was seen of a service.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The service.
    pub service: Service,
    /// By repository: the image that the tag policy wants now.
    pub candidates: BTreeMap<String, Option<Image>>,
    /// By repository: what the service's current revision names.
    pub running: BTreeMap<String, Running>,
    /// Tasks that run; looked at only when a deployment is to be judged.
    pub tasks: Vec<Task>,
    /// Tasks of the deployment in question that ended; looked at only when it failed.
    pub stopped: Vec<Task>,
    /// The one-off task before the roll, if one is waited for and ECS still knows it.
    pub before: Option<Task>,
}

/// What the current revision names of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Running {
    /// This image.
    Image(Image),
    /// This digest, which ECR no longer has.
    Gone(Digest),
    /// A tag that names nothing, or that moved after the deployment was made.
    Unknown,
}

/// What a person asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ask {
    /// Nothing; an event or a tick.
    #[default]
    Nothing,
    /// The release before the current one.
    Rollback {
        /// Who asks.
        by: String,
        /// Why, in their words.
        why: Option<String>,
        /// The deployment that is to be undone; refused when another runs. Whatever runs when left out.
        deployment: Option<String>,
    },
    /// New tasks of what runs.
    Restart {
        /// Who asks.
        by: String,
        /// Why, in their words.
        why: Option<String>,
        /// Refused so long after the last one; a person's is not.
        cool_down: Option<SignedDuration>,
    },
    /// These images although they were refused; the candidates when none is named.
    Retry {
        /// Who asks.
        by: String,
        /// Image by repository.
        images: BTreeMap<String, Image>,
    },
}

/// What to do, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub action: Action,
    /// Why.
    pub reason: Reason,
}

/// What to do about a service's images. Each carries the complete values, so that nobody chooses afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Keep,
    /// Register a revision and update the service, or run the task before the roll.
    Roll(Box<Roll>),
    /// Update the service to a revision whose task before the roll ended well.
    Update {
        /// ARN of the revision.
        revision: String,
        /// Desired count for a service that starts for the first time.
        start: Option<u32>,
    },
    /// Replace every task by another of the same revision, after this claim.
    Restart(Restart),
    /// Remember that they are replaced, tell.
    Restarted {
        /// Id of the deployment that does it.
        deployment: String,
    },
    /// Take a deployment that is already there for the rollout's own.
    Adopt {
        /// ARN of its revision.
        revision: String,
        /// Its id.
        deployment: String,
    },
    /// Remember that the rollout waits for the service to wake.
    Stage {
        /// ARN of its revision.
        revision: String,
        /// Its id.
        deployment: String,
    },
    /// Move the tags, invalidate the CDN, remember the release, tell.
    Complete {
        /// ARN of the revision.
        revision: String,
        /// Id of the deployment.
        deployment: String,
    },
    /// Quarantine what is new in the rollout, tell.
    Fail {
        /// The images to quarantine.
        quarantine: Vec<Quarantine>,
        /// Is there something that ECS puts back? Then its return is waited for; the id is the deployment that failed.
        recover: Option<String>,
    },
    /// Invalidate the CDN after a rollback, tell.
    Recover {
        /// Id of the deployment that had failed.
        failed: String,
    },
}

impl Action {
    /// Stable name for logs, metrics and responses.
    pub fn label(&self) -> &'static str {
        match self {
            Action::Keep => "keep",
            Action::Roll(_) => "roll",
            Action::Update { .. } => "update",
            Action::Restart(_) => "restart",
            Action::Restarted { .. } => "restarted",
            Action::Adopt { .. } => "adopt",
            Action::Stage { .. } => "stage",
            Action::Complete { .. } => "complete",
            Action::Fail { .. } => "fail",
            Action::Recover { .. } => "recover",
        }
    }
}

/// A rollout to start or to take up again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roll {
    /// The rollout as it is to be remembered, claimed.
    pub rollout: Rollout,
    /// Desired count for a service that starts for the first time.
    pub start: Option<u32>,
    /// Run the task before the roll first?
    pub before: bool,
    /// Images that must not come back by themselves.
    pub quarantine: Vec<Quarantine>,
    /// Images that may run again because somebody asked.
    pub pardon: Vec<(String, Digest)>,
    /// Was it claimed by an earlier invocation? Then its revision may already be registered.
    pub resumed: bool,
}

/// Decides what to do next about the images of one service.
pub fn plan(policy: Policy<'_>, record: &Record, seen: &Seen, ask: &Ask, now: Timestamp) -> Decision {
    if policy.images.is_empty() {
        return keep(Reason::NotFollowed);
    }
    if let Some(rollout) = &record.rollout
        && let Phase::Claimed { .. } = rollout.phase
        && rollout.started_at + LEASE > now
    {
        return keep(Reason::ClaimedElsewhere { until: rollout.started_at + LEASE });
    }
    if let Some(until) = restart::claimed_until(record, now) {
        return keep(Reason::ClaimedElsewhere { until });
    }
    if let Some(decision) = asked(policy, record, seen, ask, now) {
        return decision;
    }
    let choice = choose(policy, record, seen, now);
    if !matches!(choice, Choice::Newer(_))
        && let Some(decision) = restart::interrupted(record, seen, now)
    {
        return decision;
    }
    match (&record.rollout, choice) {
        // Something newer wins over whatever is on its way.
        (_, Choice::Newer(images)) => roll(policy, record, seen, images, newer_cause(record, seen), now),
        (Some(rollout), Choice::Drift(_) | Choice::Stay(_)) => judge(policy, record, rollout, seen, now),
        (None, Choice::Drift(_)) if record.stuck_at.as_ref() == Some(&seen.service.revision) => {
            keep(Reason::Stuck { revision: seen.service.revision.clone() })
        }
        (None, Choice::Drift(images)) => roll(policy, record, seen, images, Cause::Drift, now),
        (None, Choice::Stay(reason)) => keep(reason),
    }
}

/// A decision to do nothing.
pub(super) fn keep(reason: Reason) -> Decision {
    Decision { action: Action::Keep, reason }
}

/// A decision to roll `images`, which name every repository that the service follows.
pub(super) fn roll(
    policy: Policy<'_>,
    record: &Record,
    seen: &Seen,
    images: BTreeMap<String, Image>,
    cause: Cause,
    now: Timestamp,
) -> Decision {
    let known = |(repository, running): (&String, &Running)| match running {
        Running::Image(image) => Some((repository.clone(), image.clone())),
        Running::Gone(_) | Running::Unknown => None,
    };
    let before: BTreeMap<String, Image> = seen.running.iter().filter_map(known).collect();
    let never_ran = record.releases.is_empty() && seen.service.desired == 0;
    let start = never_ran.then_some(policy.initial_tasks).filter(|_| cause == Cause::FirstStart);
    let reason = Reason::Due { cause: cause.clone(), change: change(&before, &images) };
    let newest = images.values().map(|image| image.digest.short()).next().unwrap_or("none");
    let rollout = Rollout {
        id: format!("{newest}-{}", now.as_millisecond()),
        phase: Phase::Claimed { start },
        from: seen.service.revision.clone(),
        started_at: now,
        before,
        images,
        cause,
    };
    let fresh = matches!(rollout.cause, Cause::FirstStart | Cause::Push | Cause::Retry { .. });
    let before = policy.rollout.before.is_some() && fresh;
    let roll = Roll { rollout, start, before, quarantine: Vec::new(), pardon: Vec::new(), resumed: false };
    Decision { action: Action::Roll(Box::new(roll)), reason }
}

fn newer_cause(record: &Record, seen: &Seen) -> Cause {
    if record.releases.is_empty() && seen.service.desired == 0 { Cause::FirstStart } else { Cause::Push }
}

/// What a person's request asks for; `None` when the ordinary rules answer it.
fn asked(policy: Policy<'_>, record: &Record, seen: &Seen, ask: &Ask, now: Timestamp) -> Option<Decision> {
    match ask {
        Ask::Nothing => None,
        Ask::Rollback { by, why, deployment } => {
            let other = other_deployment(record, seen, deployment.as_deref());
            other.or_else(|| rollback(policy, record, seen, by, why.as_deref(), now))
        }
        Ask::Restart { by, why, cool_down } => {
            Some(restart::asked(record, seen, (by, why.as_deref()), *cool_down, now))
        }
        Ask::Retry { by, images } => retry(policy, record, seen, by, images, now),
    }
}

/// The refusal of a rollback that is about another deployment than the one that runs.
fn other_deployment(record: &Record, seen: &Seen, asked: Option<&str>) -> Option<Decision> {
    let asked = asked?;
    let on_its_way = record.rollout.as_ref().map(|rollout| &rollout.cause);
    // The same request again is answered by the rollout that it started.
    if matches!(on_its_way, Some(Cause::Rollback { .. })) {
        return None;
    }
    let current = record.current().filter(|release| on_its_way.is_none() && seen.runs(&release.images));
    if current.is_some_and(|release| release.deployment == asked) {
        return None;
    }
    let runs = seen.service.primary().map(|primary| primary.id.clone()).unwrap_or_default();
    Some(keep(Reason::OtherDeployment { asked: asked.to_owned(), runs }))
}

fn rollback(
    policy: Policy<'_>,
    record: &Record,
    seen: &Seen,
    by: &str,
    why: Option<&str>,
    now: Timestamp,
) -> Option<Decision> {
    let on_its_way = record.rollout.as_ref().filter(|rollout| !matches!(rollout.phase, Phase::RollingBack { .. }));
    // The same request again, delivered twice or after a crash, is answered by the rollout that it started.
    if on_its_way.is_some_and(|rollout| matches!(rollout.cause, Cause::Rollback { .. })) {
        return None;
    }
    let (bad, target) = match (on_its_way, record.current()) {
        (Some(rollout), Some(current)) => (&rollout.images, &current.images),
        (None, Some(current)) => match record.previous() {
            Some(previous) => (&current.images, &previous.images),
            None => return Some(keep(Reason::NothingBefore)),
        },
        (_, None) => return Some(keep(Reason::NothingBefore)),
    };
    let quarantine = outcasts(bad, target, &format!("{by} asked for a rollback"), now);
    let cause = Cause::Rollback { by: by.to_owned(), why: why.map(str::to_owned) };
    let mut decision = roll(policy, record, seen, target.clone(), cause, now);
    if let Action::Roll(roll) = &mut decision.action {
        roll.quarantine = quarantine;
    }
    Some(decision)
}

fn retry(
    policy: Policy<'_>,
    record: &Record,
    seen: &Seen,
    by: &str,
    images: &BTreeMap<String, Image>,
    now: Timestamp,
) -> Option<Decision> {
    let mut target = choose::current(policy, record, seen);
    let candidates =
        seen.candidates.iter().filter_map(|(repository, image)| Some((repository.clone(), image.clone()?)));
    match images.is_empty() {
        true => target.extend(candidates),
        false => target.extend(images.clone()),
    }
    let image = target.values().next()?.clone();
    if let Some(freeze) = record.freeze(now) {
        return Some(keep(Reason::Frozen { image, freeze: freeze.clone() }));
    }
    let on_its_way = record.rollout.as_ref().is_some_and(|rollout| same_digests(&rollout.images, &target));
    if on_its_way || seen.runs(&target) || target.len() < policy.images.len() {
        return None;
    }
    let mut decision = roll(policy, record, seen, target.clone(), Cause::Retry { by: by.to_owned() }, now);
    if let Action::Roll(roll) = &mut decision.action {
        roll.pardon = target.into_iter().map(|(repository, image)| (repository, image.digest)).collect();
        if record.releases.is_empty() && seen.service.desired == 0 {
            roll.start = Some(policy.initial_tasks);
        }
    }
    Some(decision)
}

/// What of `bad` is not in `good`, as quarantine entries.
pub(super) fn outcasts(
    bad: &BTreeMap<String, Image>,
    good: &BTreeMap<String, Image>,
    reason: &str,
    now: Timestamp,
) -> Vec<Quarantine> {
    bad.iter()
        .filter(|(repository, image)| good.get(*repository).is_none_or(|good| good.digest != image.digest))
        .map(|(repository, image)| Quarantine {
            repository: repository.clone(),
            image: image.clone(),
            reason: reason.to_owned(),
            at: now,
        })
        .collect()
}

/// `huskit/web: v1 (aaa) -> v2 (bbb)`, for what differs.
fn change(before: &BTreeMap<String, Image>, after: &BTreeMap<String, Image>) -> String {
    let changed =
        after.iter().filter(|(repository, image)| before.get(*repository).is_none_or(|b| b.digest != image.digest));
    let line = |(repository, image): (&String, &Image)| match before.get(repository) {
        Some(before) => format!("{repository}: {before} -> {image}"),
        None => format!("{repository}: {image}"),
    };
    changed.map(line).collect::<Vec<_>>().join(", ")
}

impl Seen {
    /// Does the service's current revision name exactly these images?
    pub fn runs(&self, images: &BTreeMap<String, Image>) -> bool {
        images
            .iter()
            .all(|(repository, image)| self.running.get(repository).is_some_and(|running| running.is(&image.digest)))
    }
}

impl Running {
    /// Is it this digest?
    pub fn is(&self, digest: &Digest) -> bool {
        match self {
            Running::Image(image) => image.digest == *digest,
            Running::Gone(gone) => gone == digest,
            Running::Unknown => false,
        }
    }
}
