//! What requests, alarms, the budget and Spot require of a service's capacity, each with its expiry.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::observed::Observed;
use super::provider_move::{Move, MoveFailure, MoveOutcome, STALE};
use super::spot::{SpotEvent, SpotState};
use super::written::{Raised, WrittenRange};

/// All facts about one service's capacity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// A freeze: no write until then. Kept in the rollout record and read from there: one freeze holds both.
    #[serde(skip)]
    pub frozen: Option<Expiry>,
    /// The override that was requested.
    pub manual_override: Option<Override>,
    /// What the budget restricts.
    pub budget: Option<BudgetRestriction>,
    /// Boosts by alarm name: each alarm extends and ends only its own.
    pub boosts: BTreeMap<String, Boost>,
    /// How Spot has behaved.
    pub spot: SpotState,
    /// The last move of its tasks to another capacity provider.
    pub provider_move: Option<Move>,
    /// What was written about its range of tasks.
    pub range: WrittenRange,
}

impl Facts {
    /// The boost with the most tasks at `now`; of equals the one that lasts longest.
    pub fn boost(&self, now: Timestamp) -> Option<&Boost> {
        let in_force = self.boosts.values().filter(|boost| boost.expiry.at > now);
        in_force.max_by_key(|boost| (boost.min, boost.expiry.at))
    }

    /// The override in force at `now`.
    pub fn override_at(&self, now: Timestamp) -> Option<&Override> {
        self.manual_override.as_ref().filter(|requested| requested.expiry.at > now)
    }

    /// The budget restriction in force at `now`.
    pub fn restriction_at(&self, now: Timestamp) -> Option<&BudgetRestriction> {
        std::iter::successors(self.budget.as_ref(), |ended| ended.then.as_deref())
            .find(|restriction| restriction.until > now)
    }

    /// When each fact ends, in no order; past ends included.
    pub fn ends(&self) -> impl Iterator<Item = Timestamp> {
        let boosts = self.boosts.values().map(|boost| Some(boost.expiry.at));
        let others = [
            self.frozen.as_ref().map(|frozen| frozen.at),
            self.manual_override.as_ref().map(|requested| requested.expiry.at),
            self.budget.as_ref().map(|restriction| restriction.until),
            self.spot.retry_at,
            self.move_retry_at(),
        ];
        others.into_iter().chain(boosts).flatten()
    }

    fn move_retry_at(&self) -> Option<Timestamp> {
        match self.provider_move.as_ref()?.outcome {
            MoveOutcome::Failed { retry_at, .. } => Some(retry_at),
            MoveOutcome::InProgress { .. } | MoveOutcome::Completed { .. } => None,
        }
    }

    /// Takes in what was observed: a Spot shortage that ECS lists as a service event, and what became of a move. Returns
    /// the move when it has failed and that is to be announced.
    pub fn observe(&mut self, observed: &Observed, now: Timestamp) -> Option<Move> {
        if observed.shows_spot_shortage(self.spot.retry_at, now) {
            self.spot = self.spot.after(SpotEvent::NoCapacity, observed.desired, now);
        }
        // An engineer has set another count: that one stays.
        let boosted = self.boost(now).is_some();
        self.range.raised = self.range.raised.and_then(|raised| {
            let changed = !boosted && raised.to != observed.desired;
            // What is shown again within two looks was stale in between.
            let longest = if changed { STALE } else { STALE * 2 };
            let lasts = raised.changed_at.is_none_or(|at| now < at + longest);
            let changed_at = raised.changed_at.or(Some(now)).filter(|_| changed);
            lasts.then_some(Raised { changed_at, ..raised })
        });
        let last = self.provider_move.as_mut()?;
        if last.in_progress() && last.to.is_spot() && !self.spot.available(now) && observed.strategy == last.to {
            last.outcome = last.failed(MoveFailure::NoCapacity, now);
            return None;
        }
        last.outcome = last.judge(observed, now)?;
        self.after_failed_move(now)
    }

    /// ECS accepted this desired count: one that a boost has raised is lowered, and what an engineer sets from now on stays.
    pub fn written(&mut self, desired: u32, now: Timestamp) {
        let boosted = self.boost(now).is_some();
        self.range.raised.take_if(|raised| !boosted && raised.from == desired);
    }

    /// ECS accepted the last move: when the previous strategy is back, its deployment has failed, also if no look has seen the
    /// new one.
    pub fn accept_move(&mut self) {
        if let Some(Move { outcome: MoveOutcome::InProgress { seen }, .. }) = &mut self.provider_move {
            *seen = true;
        }
    }

    /// ECS refused the last move; returns it for its announcement.
    pub fn refuse_move(&mut self, error: String, now: Timestamp) -> Option<Move> {
        let last = self.provider_move.as_mut().filter(|last| last.in_progress())?;
        last.outcome = last.failed(MoveFailure::Refused(error), now);
        self.after_failed_move(now)
    }

    /// A failed move to Spot begins the Spot hold-down.
    fn after_failed_move(&mut self, now: Timestamp) -> Option<Move> {
        let failed = self.provider_move.as_ref().filter(|last| matches!(last.outcome, MoveOutcome::Failed { .. }))?;
        if failed.to.is_spot() {
            self.spot = self.spot.after_failed_move(now);
        }
        Some(failed.clone())
    }

    /// Drops what has expired at `now`; returns the override that was among it.
    pub fn expire(&mut self, now: Timestamp) -> Option<Override> {
        self.boosts.retain(|_, boost| boost.expiry.at > now);
        while let Some(ended) = self.budget.take_if(|restriction| restriction.until <= now) {
            self.budget = ended.then.map(|then| *then);
        }
        self.manual_override.take_if(|requested| requested.expiry.at <= now)
    }
}

/// When something expires, and who requested it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    /// When it expires.
    pub at: Timestamp,
    /// Who asked: an engineer, or the name of an alarm.
    pub by: String,
}

/// An override of the schedule, the budget and the alarms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Wake, sleep or hold.
    pub kind: OverrideKind,
    /// When it expires, and who requested it.
    pub expiry: Expiry,
    /// Why, in the requester's words.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What an engineer overrides the schedule with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverrideKind {
    /// Run, also during scheduled downtime and under a budget restriction.
    Wake,
    /// Scale to zero, also outside scheduled downtime.
    Sleep,
    /// Leave the capacity unchanged.
    Hold,
}

impl OverrideKind {
    /// Stable name: that of the request.
    pub fn label(self) -> &'static str {
        match self {
            OverrideKind::Wake => "wake",
            OverrideKind::Sleep => "sleep",
            OverrideKind::Hold => "hold",
        }
    }
}

/// What the budget restricts until its period ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetRestriction {
    /// Share of the budget that was reached, in percent; shown in messages.
    pub reached_percent: u32,
    /// Stay on Fargate Spot even when Spot has no capacity. Tasks that run on demand move to Spot when it has capacity.
    #[serde(default)]
    pub spot_only: bool,
    /// Begin scheduled downtime so many minutes earlier, and end it so many minutes later.
    #[serde(default)]
    pub longer_downtime_minutes: u32,
    /// Run no tasks; everything else of the restriction is included in that.
    #[serde(default)]
    pub scale_to_zero: bool,
    /// Run at most so many tasks; never below the service's floor.
    #[serde(default)]
    pub max_tasks: Option<u32>,
    /// End of the period of the first budget that ends.
    pub until: Timestamp,
    /// What other budgets restrict after that.
    #[serde(default)]
    pub then: Option<Box<BudgetRestriction>>,
}

/// More tasks because an alarm is in ALARM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boost {
    /// Minimum number of tasks while it lasts.
    pub min: u32,
    /// When it expires, and the name of the alarm.
    pub expiry: Expiry,
}
