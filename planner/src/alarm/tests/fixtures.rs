//! One alarm of one service, changed by verbs of the domain.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::alarm::*;
use crate::capacity::Baseline;
use crate::capacity::{self, BudgetRestriction};
use crate::fleet::Fleet;
use crate::model::{Image, ScanState};
use crate::rollout::{Cause, Phase, Quarantine, Release, Restart, RestartResult, Rollout as OnItsWay};

/// Saturday, 21 November 2026, ten o'clock UTC, and so many minutes.
pub(super) fn at(minute: i64) -> Timestamp {
    "2026-11-21T10:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

pub(super) fn fleet() -> Fleet {
    let web = r#"{"name":"web","cluster":"prod","baseline":{"min":2,"max":6},
        "images":[{"repository":"acme/web","tag":{"exact":"latest"}}],
        "sleep":{"zone":"UTC","windows":[{"from":"22:00","to":"06:00"}]}}"#;
    Fleet::parse(&format!(r#"{{"system":"acme","stage":"prod","services":[{web}]}}"#)).unwrap()
}

pub(super) fn policy(remedy: RemedyPolicy) -> AlarmPolicy {
    let flapping = FlappingPolicy::default();
    AlarmPolicy {
        name: "acme-prod-web".into(),
        region: None,
        service: Some("web".into()),
        remedy,
        severity: AlarmSeverity::Critical,
        insufficient_data: InsufficientDataPolicy::Ignore,
        grace_minutes: 0,
        downtime_mutes: Vec::new(),
        flapping,
        runbook: "web.md".into(),
    }
}

pub(super) fn scale(tasks: ScaleTarget) -> RemedyPolicy {
    RemedyPolicy::Scale(ScalePolicy { tasks, minutes: 30, daily: 2 })
}

pub(super) fn change(state: AlarmState, at: Timestamp) -> StateChange {
    let previous = Some(if state == AlarmState::Alarm { AlarmState::Ok } else { AlarmState::Alarm });
    StateChange {
        state,
        previous,
        at,
        reason: String::new(),
        description: String::new(),
        measurement: None,
        suppression: None,
        location: AlarmLocation::default(),
    }
}

/// A restart of this minute, as the ledger keeps it.
pub(super) fn restart(minute: i64, result: Option<RestartResult>) -> Restart {
    let (by, replaces) = ("alarm memory".into(), "ecs-svc/0".into());
    let deployment = Some("ecs-svc/9".into());
    Restart { by, reason: None, cause: None, at: at(minute), resumed: 0, replaces, deployment, remedy: true, result }
}

pub(super) fn images(n: u8) -> BTreeMap<String, Image> {
    let digest = format!("sha256:{}", format!("{n:02x}").repeat(32)).parse().unwrap();
    let image =
        Image { digest, tag: Some(format!("v{n}")), version: None, pushed_at: at(n.into()), scan: ScanState::Missing };
    BTreeMap::from([("acme/web".to_owned(), image)])
}

pub(super) fn release(n: u8, minute: i64) -> Release {
    Release {
        images: images(n),
        revision: format!("rev-{n}"),
        deployment: format!("ecs-svc/{minute}"),
        started_at: at(minute - 5),
        at: at(minute),
    }
}

/// One alarm of one service, played minute by minute.
#[derive(Clone)]
pub(super) struct Timeline {
    pub policy: AlarmPolicy,
    pub fleet: Fleet,
    pub observed: Observed,
    pub record: Record,
    /// What was announced, with the minute; `Keep` and `Record` are left out.
    pub announced: Vec<(i64, Action)>,
    /// What was requested, with the minute.
    pub requested: Vec<(i64, RemedyAction)>,
    /// Are requests carried out at once?
    pub delivers: bool,
    /// The newest reason about the remedy.
    pub remedy_reason: RemedyReason,
    minute: i64,
}

impl Timeline {
    pub fn with(remedy: RemedyPolicy) -> Timeline {
        let state = Some(capacity::State::Running { since: at(-600) });
        let capacity = capacity::Record { state, ..capacity::Record::default() };
        let mut observed = Observed { desired: 2, running: 2, capacity, ..Observed::default() };
        observed.rollout.releases = vec![release(2, -500), release(1, -900)];
        Timeline {
            policy: policy(remedy),
            fleet: fleet(),
            observed,
            record: Record::default(),
            announced: Vec::new(),
            requested: Vec::new(),
            delivers: true,
            remedy_reason: RemedyReason::NotInAlarm,
            minute: 0,
        }
    }

    /// The alarm is in ALARM since `minute`; reconciles.
    pub fn enters_alarm(self, minute: i64) -> Timeline {
        self.receives(change(AlarmState::Alarm, at(minute)), minute)
    }

    /// The alarm is in OK since `minute`; reconciles.
    pub fn recovers(self, minute: i64) -> Timeline {
        self.receives(change(AlarmState::Ok, at(minute)), minute)
    }

    /// Enters ALARM at each of these minutes, and recovers a minute later.
    pub fn alternates<const N: usize>(self, minutes: [i64; N]) -> Timeline {
        minutes.into_iter().fold(self, |timeline, minute| timeline.enters_alarm(minute).recovers(minute + 1))
    }

    pub fn receives(mut self, change: StateChange, minute: i64) -> Timeline {
        let measured = change.state == AlarmState::Alarm;
        self.record.record_state_change(change);
        self.record.evidence = if measured { Evidence::Measured } else { Evidence::NotInAlarm };
        self.reconciles(minute)
    }

    /// The tick, for which CloudWatch returns `lookup`.
    pub fn looks(mut self, lookup: &AlarmLookup, minute: i64) -> Timeline {
        self.record.record_lookup(lookup, at(minute));
        self.reconciles(minute)
    }

    /// The tick.
    pub fn reconciles(mut self, minute: i64) -> Timeline {
        self.minute = self.minute.max(minute);
        let now = at(self.minute);
        let plan = self.plan();
        if !matches!(plan.decision.action, Action::Keep | Action::Record) {
            self.announced.push((self.minute, plan.decision.action));
        }
        self.record.record_announcement(&plan, now);
        if let Some(action) = plan.remedy.action {
            self.record.record_remedy(&action, now);
            if let RemedyAction::Scale(ScaleAction { boost, .. }) = &action {
                let facts = &mut self.observed.capacity.facts;
                facts.boosts.insert(self.policy.name.clone(), boost.clone());
            }
            if self.delivers && matches!(action, RemedyAction::Restart(_)) {
                self.observed.rollout.restart = Some(restart(self.minute, Some(RestartResult::Replaced)));
            }
            self.requested.push((self.minute, action));
        }
        self.remedy_reason = plan.remedy.reason;
        self
    }

    /// The plan of the last minute, not applied.
    pub fn plan(&self) -> Plan {
        let watched = ObservedService { policy: &self.fleet.services[0], observed: &self.observed };
        plan(&self.policy, Some(&watched), &self.record, at(self.minute))
    }

    pub fn ticks(self, from: i64, to: i64) -> Timeline {
        (from..=to).filter(|minute| minute % 5 == 0).fold(self, Timeline::reconciles)
    }

    pub fn graced(mut self, minutes: u32) -> Timeline {
        self.policy.grace_minutes = minutes;
        self
    }

    pub fn baseline(mut self, min: u32, max: u32) -> Timeline {
        self.fleet.services[0].baseline = Baseline { min, max, ..self.fleet.services[0].baseline };
        self
    }

    pub fn runs(mut self, tasks: u32) -> Timeline {
        (self.observed.desired, self.observed.running) = (tasks, tasks);
        self
    }

    pub fn asleep(mut self) -> Timeline {
        self.observed.capacity.state = Some(capacity::State::ScaledToZero { since: at(-60) });
        self.runs(0)
    }

    /// A new image was verified at `minute`.
    pub fn released(mut self, n: u8, minute: i64) -> Timeline {
        self.observed.rollout.rollout = None;
        self.observed.rollout.releases.insert(0, release(n, minute));
        self
    }

    pub fn rolling(mut self, minute: i64) -> Timeline {
        self.observed.rollout.rollout = Some(OnItsWay {
            id: "x".into(),
            cause: Cause::Push,
            images: images(3),
            previous_images: images(2),
            previous_revision: "rev-2".into(),
            revision: None,
            started_at: at(minute),
            attempts: 1,
            phase: Phase::Deploying { revision: "rev-3".into(), deployment: "ecs-svc/3".into(), since: at(minute) },
            ran_at: None,
            migrated: false,
            superseded: None,
        });
        self
    }

    pub fn quarantined(mut self, n: u8) -> Timeline {
        let image = images(n)["acme/web"].clone();
        let entry = Quarantine { repository: "acme/web".into(), image, reason: "bad".into(), at: at(-1) };
        self.observed.rollout.add_quarantine(entry);
        self
    }

    pub fn max_tasks(mut self, max_tasks: u32) -> Timeline {
        self.observed.capacity.facts.budget = Some(BudgetRestriction {
            reached_percent: 90,
            spot_only: false,
            longer_downtime_minutes: 0,
            scale_to_zero: false,
            max_tasks: Some(max_tasks),
            until: at(10_000),
            then: None,
        });
        self
    }

    pub fn held(mut self, minutes: i64) -> Timeline {
        let until = capacity::Expiry { at: at(minutes), by: "anna".into() };
        self.observed.capacity.facts.manual_override =
            Some(capacity::Override { kind: capacity::OverrideKind::Hold, expiry: until, reason: None });
        self
    }
}
