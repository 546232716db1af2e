//! Which remedy is due while an alarm rings. It is asked for; the planners of images and capacity take it, or not.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::plan::Watched;
use super::policy::{AlarmPolicy, Remedy, Restart, Rollback, Scale, Tasks};
use super::state::Record;
use crate::capacity::{Boost, Expiry, OverrideKind, max_tasks};
use crate::model::format_time;
use crate::rollout::{Phase, Release};

/// How long one ring may keep a boost alive; whatever rings longer needs a person.
const LONGEST_BOOST: SignedDuration = SignedDuration::from_hours(8);

/// What to ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// More tasks, of the capacity planner.
    Boost {
        /// How many, until when.
        boost: Boost,
        /// Is it the boost that is there already, for longer?
        extends: bool,
    },
    /// New tasks of what runs, of the rollout planner.
    Restart,
    /// The release before, of the rollout planner.
    Rollback {
        /// The deployment that is to be undone.
        deployment: String,
        /// What it brought, for people.
        release: String,
        /// What runs after, for people.
        back_to: String,
    },
}

impl Step {
    /// Stable name for logs, metrics and responses.
    pub fn label(&self) -> &'static str {
        match self {
            Step::Boost { .. } => "scale",
            Step::Restart => "restart",
            Step::Rollback { .. } => "rollback",
        }
    }
}

/// What is asked for, if anything, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Treatment {
    /// What to ask for.
    pub step: Option<Step>,
    /// Why, or why nothing.
    pub why: Why,
}

/// Why a remedy is due or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The alarm does not ring.
    NotRinging,
    /// The plan explains why it rings.
    Explained,
    /// The fleet names no remedy.
    NoRemedy,
    /// It is due.
    Due,
    /// What was asked for before is still in force.
    InForce {
        /// Least number of tasks.
        min: u32,
        /// Until when.
        until: Timestamp,
    },
    /// It is not known what runs.
    Unseen {
        /// Why.
        why: String,
    },
    /// It runs as many tasks as it may.
    AtMost {
        /// How many.
        max_tasks: u32,
        /// Is it the budget that allows no more?
        budget: bool,
    },
    /// It runs as many tasks as the remedy asks for.
    Enough {
        /// How many.
        desired: u32,
    },
    /// A person wants it left as it is.
    HandsOff {
        /// Who.
        by: String,
        /// Until when.
        until: Timestamp,
    },
    /// Tasks are being replaced.
    RolloutOnItsWay,
    /// It was restarted a while ago.
    CoolingDown {
        /// When it was restarted.
        at: Timestamp,
        /// Until when it is not done again.
        until: Timestamp,
    },
    /// Nothing was rolled a short while ago.
    NoRecentRollout {
        /// How long a rollout is watched.
        minutes: u32,
    },
    /// It rang before the rollout.
    RangBefore {
        /// When the rollout began.
        rollout: Timestamp,
    },
    /// What runs was itself the release to go back to.
    AlreadyBack,
    /// Nothing before it is known to be good.
    NothingVerified,
    /// It was asked for.
    AskedFor {
        /// When.
        at: Timestamp,
    },
    /// It rings for longer than a remedy may last.
    TooLong {
        /// Since when.
        since: Timestamp,
    },
    /// The limit of the day is reached.
    LimitReached {
        /// How often it may be done in 24 hours.
        daily: u32,
    },
}

impl Treatment {
    /// Nothing is asked for.
    pub fn none(why: Why) -> Treatment {
        Treatment { step: None, why }
    }

    fn due(step: Step) -> Treatment {
        Treatment { step: Some(step), why: Why::Due }
    }
}

/// Decides which remedy is due for an alarm that rings since `since`.
pub(super) fn treat(
    policy: &AlarmPolicy,
    watched: Option<&Watched<'_>>,
    record: &Record,
    since: Timestamp,
    now: Timestamp,
) -> Treatment {
    let Some(watched) = watched.filter(|_| policy.remedy != Remedy::None) else {
        return Treatment::none(Why::NoRemedy);
    };
    if let Some(hands_off) = watched.hands_off(now) {
        return Treatment::none(hands_off);
    }
    let result = match &policy.remedy {
        Remedy::None => Err(Why::NoRemedy),
        Remedy::Scale(scale) => scale.treat(policy, watched, record, since, now),
        Remedy::Restart(restart) => restart.treat(watched, record, now),
        Remedy::Rollback(rollback) => rollback.treat(watched, record, since, now),
    };
    result.map_or_else(Treatment::none, Treatment::due)
}

impl Scale {
    /// The same number of tasks as long as it rings: a boost never grows by itself.
    fn treat(
        &self,
        policy: &AlarmPolicy,
        watched: &Watched<'_>,
        record: &Record,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Step, Why> {
        let length = SignedDuration::from_mins(self.minutes.into());
        let boosted =
            |min: u32| Boost { min, expiry: Expiry { at: now + length, by: format!("alarm {}", policy.name) } };
        let same_ring = record.boost.filter(|boost| boost.since >= since);
        if same_ring.is_some_and(|known| known.since + LONGEST_BOOST <= now) {
            return Err(Why::TooLong { since });
        }
        if let Some(known) = record.boost.filter(|boost| boost.until > now) {
            if known.until > now + length / 2 {
                return Err(Why::InForce { min: known.min, until: known.until });
            }
            let extends = same_ring.is_some();
            if !extends {
                // A ring of its own counts, or one that comes and goes would keep its tasks for ever.
                limit(record, "scale", self.daily, now)?;
            }
            return Ok(Step::Boost { boost: boosted(known.min), extends });
        }
        let facts = watched.facts();
        let max_tasks = max_tasks(&watched.policy.capacity(), &facts, now);
        let wanted = match (self.tasks, same_ring) {
            (_, Some(known)) => known.min,
            (Tasks::More(more), None) => watched.seen.desired.saturating_add(more),
            (Tasks::To(count), None) => count,
        };
        let min = wanted.min(max_tasks);
        if min <= watched.seen.desired {
            return Err(match wanted > max_tasks {
                true => Why::AtMost { max_tasks, budget: max_tasks < watched.policy.baseline.max },
                false => Why::Enough { desired: watched.seen.desired },
            });
        }
        limit(record, "scale", self.daily, now)?;
        Ok(Step::Boost { boost: boosted(min), extends: false })
    }
}

impl Restart {
    fn treat(&self, watched: &Watched<'_>, record: &Record, now: Timestamp) -> Result<Step, Why> {
        if watched.replaces_tasks() {
            return Err(Why::RolloutOnItsWay);
        }
        if let Some(last) = record.last_taken("restart") {
            let until = last.at + SignedDuration::from_mins(self.cool_down_minutes.into());
            if until > now {
                return Err(Why::CoolingDown { at: last.at, until });
            }
        }
        limit(record, "restart", self.daily, now)?;
        Ok(Step::Restart)
    }
}

impl Rollback {
    fn treat(&self, watched: &Watched<'_>, record: &Record, since: Timestamp, now: Timestamp) -> Result<Step, Why> {
        let images = &watched.seen.rollout;
        let asked = |release: &Release| {
            record.taken.iter().find(|taken| taken.deployment.as_ref() == Some(&release.deployment))
        };
        if let Some(taken) = images.current().and_then(asked) {
            return Err(Why::AskedFor { at: taken.at });
        }
        if watched.replaces_tasks() {
            return Err(Why::RolloutOnItsWay);
        }
        let watch = SignedDuration::from_mins(self.watch_minutes.into());
        let recent = |release: &&Release| release.at + watch > now && !release.deployment.is_empty();
        let current = images.current().filter(recent);
        let current = current.ok_or(Why::NoRecentRollout { minutes: self.watch_minutes })?;
        // A new image takes requests before it is verified; what rang before it came is not its doing.
        if since < current.started_at {
            return Err(Why::RangBefore { rollout: current.started_at });
        }
        if images.ran_before(current) {
            return Err(Why::AlreadyBack);
        }
        let previous = images.previous().ok_or(Why::NothingVerified)?;
        limit(record, "rollback", self.daily, now)?;
        Ok(Step::Rollback { deployment: current.deployment.clone(), release: names(current), back_to: names(previous) })
    }
}

impl Watched<'_> {
    /// Does somebody want the service left as it is?
    fn hands_off(&self, now: Timestamp) -> Option<Why> {
        let facts = self.facts();
        let held = facts
            .manual_override
            .as_ref()
            .filter(|manual| manual.kind == OverrideKind::Hold)
            .map(|manual| &manual.expiry);
        let held = facts.frozen.as_ref().into_iter().chain(held).find(|held| held.at > now)?;
        Some(Why::HandsOff { by: held.by.clone(), until: held.at })
    }

    /// Is a rollout on its way that replaces tasks? A staged one waits for the service to wake.
    fn replaces_tasks(&self) -> bool {
        let rollout = self.seen.rollout.rollout.as_ref();
        rollout.is_some_and(|rollout| !matches!(rollout.phase, Phase::Staged { .. }))
    }
}

fn limit(record: &Record, what: &str, daily: u32, now: Timestamp) -> Result<(), Why> {
    match record.taken_today(what, now) < daily as usize {
        true => Ok(()),
        false => Err(Why::LimitReached { daily }),
    }
}

fn names(release: &Release) -> String {
    release.images.values().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

impl Why {
    /// Stable name for logs and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Why::NotRinging => "not_ringing",
            Why::Explained => "explained",
            Why::NoRemedy => "no_remedy",
            Why::Due => "due",
            Why::InForce { .. } => "in_force",
            Why::Unseen { .. } => "unseen",
            Why::AtMost { budget: false, .. } => "at_most",
            Why::AtMost { budget: true, .. } => "held_by_budget",
            Why::Enough { .. } => "enough",
            Why::HandsOff { .. } => "hands_off",
            Why::RolloutOnItsWay => "rollout_on_its_way",
            Why::CoolingDown { .. } => "cooling_down",
            Why::NoRecentRollout { .. } => "no_recent_rollout",
            Why::RangBefore { .. } => "rang_before",
            Why::AlreadyBack => "already_back",
            Why::NothingVerified => "nothing_verified",
            Why::AskedFor { .. } => "asked_for",
            Why::TooLong { .. } => "too_long",
            Why::LimitReached { .. } => "limit_reached",
        }
    }

    /// Is there nothing left that the automation could do?
    pub fn needs_a_person(&self) -> bool {
        match self {
            Why::NoRemedy
            | Why::AtMost { .. }
            | Why::Enough { .. }
            | Why::HandsOff { .. }
            | Why::NoRecentRollout { .. }
            | Why::RangBefore { .. }
            | Why::AlreadyBack
            | Why::NothingVerified
            | Why::TooLong { .. }
            | Why::LimitReached { .. } => true,
            Why::NotRinging
            | Why::Explained
            | Why::Unseen { .. }
            | Why::Due
            | Why::InForce { .. }
            | Why::RolloutOnItsWay
            | Why::CoolingDown { .. }
            | Why::AskedFor { .. } => false,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::NotRinging => f.write_str("the alarm does not ring"),
            Why::Explained => f.write_str("what was planned explains the alarm"),
            Why::NoRemedy => f.write_str("no remedy is declared for this alarm"),
            Why::Due => f.write_str("its remedy is due"),
            Why::InForce { min, until } => write!(f, "at least {min} tasks run until {}", format_time(*until)),
            Why::Unseen { why } => write!(f, "it is not known what runs ({why}); it is looked at again"),
            Why::AtMost { max_tasks, budget: false } => write!(f, "{max_tasks} tasks are as many as it may run"),
            Why::AtMost { max_tasks, budget: true } => write!(f, "the budget allows {max_tasks} tasks and no more"),
            Why::Enough { desired } => write!(f, "{desired} tasks run, which is what the remedy asks for"),
            Why::HandsOff { by, until } => write!(f, "{by} wants it left as it is until {}", format_time(*until)),
            Why::RolloutOnItsWay => f.write_str("a rollout is on its way; it is looked at again when that is done"),
            Why::CoolingDown { at, until } => {
                write!(f, "it was restarted at {} and is not before {}", format_time(*at), format_time(*until))
            }
            Why::NoRecentRollout { minutes } => {
                write!(f, "nothing was rolled in the last {minutes} minutes, so a rollback would not help")
            }
            Why::RangBefore { rollout } => {
                write!(f, "it rang before the rollout of {}, so a rollback would not help", format_time(*rollout))
            }
            Why::AlreadyBack => f.write_str("what runs is itself a release that was gone back to"),
            Why::NothingVerified => f.write_str("no earlier release is known to be good"),
            Why::AskedFor { at } => write!(f, "it was asked for at {}", format_time(*at)),
            Why::TooLong { since } => write!(f, "it rings since {} in spite of more tasks", format_time(*since)),
            Why::LimitReached { daily: 1 } => f.write_str("it was done once in 24 hours, which is the limit"),
            Why::LimitReached { daily } => write!(f, "it was done {daily} times in 24 hours, which is the limit"),
        }
    }
}
