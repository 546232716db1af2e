//! Worlds to plan in, by verbs of the domain.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::alarm::*;
use crate::capacity::Baseline;
use crate::capacity::{self, BudgetRestriction};
use crate::fleet::Fleet;
use crate::model::{Image, ScanState};
use crate::rollout::{Cause, Phase, Quarantine, Release, Rollout as OnItsWay};

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

pub(super) fn policy(remedy: Remedy) -> AlarmPolicy {
    let flapping = Flapping::default();
    AlarmPolicy {
        name: "acme-prod-web".into(),
        service: Some("web".into()),
        remedy,
        severity: Urgency::Critical,
        insufficient_data: Gap::Nothing,
        grace_minutes: 0,
        flapping,
        runbook: "web.md".into(),
    }
}

pub(super) fn scale(tasks: Tasks) -> Remedy {
    Remedy::Scale(Scale { tasks, minutes: 30, daily: 2 })
}

pub(super) fn sighting(value: Value, at: Timestamp) -> Sighting {
    let previous = Some(if value == Value::Alarm { Value::Ok } else { Value::Alarm });
    Sighting {
        value,
        previous,
        at,
        reason: String::new(),
        description: String::new(),
        measured: None,
        suppressed: None,
        place: Place::default(),
    }
}

pub(super) fn images(n: u8) -> BTreeMap<String, Image> {
    let digest = format!("sha256:{}", format!("{n:02x}").repeat(32)).parse().unwrap();
    let image = Image { digest, tag: Some(format!("v{n}")), pushed_at: at(n.into()), scan: ScanState::Missing };
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
pub(super) struct World {
    pub policy: AlarmPolicy,
    pub fleet: Fleet,
    pub seen: Seen,
    pub record: Record,
    /// What was told, with the minute, keeping left out.
    pub told: Vec<(i64, Action)>,
    /// What was asked for, with the minute.
    pub asked: Vec<(i64, Step)>,
    /// The last word on the remedy.
    pub why: Why,
    minute: i64,
}

impl World {
    pub fn with(remedy: Remedy) -> World {
        let state = Some(capacity::State::Running { since: at(-600) });
        let capacity = capacity::Record { state, ..capacity::Record::default() };
        let mut seen = Seen { desired: 2, running: 2, capacity, ..Seen::default() };
        seen.rollout.releases = vec![release(2, -500), release(1, -900)];
        World {
            policy: policy(remedy),
            fleet: fleet(),
            seen,
            record: Record::default(),
            told: Vec::new(),
            asked: Vec::new(),
            why: Why::NotRinging,
            minute: 0,
        }
    }

    /// Hears that the alarm rings since `minute`, and looks.
    pub fn rings(self, minute: i64) -> World {
        self.hears(sighting(Value::Alarm, at(minute)), minute)
    }

    /// Hears that it does not ring any more since `minute`, and looks.
    pub fn ends(self, minute: i64) -> World {
        self.hears(sighting(Value::Ok, at(minute)), minute)
    }

    pub fn hears(mut self, sighting: Sighting, minute: i64) -> World {
        self.record.hear(sighting);
        self.looks(minute)
    }

    /// The tick.
    pub fn looks(mut self, minute: i64) -> World {
        self.minute = self.minute.max(minute);
        let now = at(self.minute);
        let plan = self.plan();
        if !matches!(plan.decision.action, Action::Keep | Action::Record) {
            self.told.push((self.minute, plan.decision.action));
        }
        self.record.told(&plan, now);
        if let Some(step) = plan.treatment.step {
            self.record.took(&step, now);
            if let Step::Boost { boost, .. } = &step {
                let facts = &mut self.seen.capacity.facts;
                facts.boosts.insert(self.policy.name.clone(), boost.clone());
            }
            self.asked.push((self.minute, step));
        }
        self.why = plan.treatment.why;
        self
    }

    /// The same without doing any of it.
    pub fn plan(&self) -> Plan {
        let watched = Watched { policy: &self.fleet.services[0], seen: &self.seen };
        plan(&self.policy, Some(&watched), &self.record, at(self.minute))
    }

    pub fn ticks(self, from: i64, to: i64) -> World {
        (from..=to).filter(|minute| minute % 5 == 0).fold(self, World::looks)
    }

    pub fn graced(mut self, minutes: u32) -> World {
        self.policy.grace_minutes = minutes;
        self
    }

    pub fn baseline(mut self, min: u32, max: u32) -> World {
        self.fleet.services[0].baseline = Baseline { min, max };
        self
    }

    pub fn runs(mut self, tasks: u32) -> World {
        (self.seen.desired, self.seen.running) = (tasks, tasks);
        self
    }

    pub fn asleep(mut self) -> World {
        self.seen.capacity.state = Some(capacity::State::ScaledToZero { since: at(-60) });
        self.runs(0)
    }

    /// A new image was verified at `minute`.
    pub fn released(mut self, n: u8, minute: i64) -> World {
        self.seen.rollout.rollout = None;
        self.seen.rollout.releases.insert(0, release(n, minute));
        self
    }

    pub fn rolling(mut self, minute: i64) -> World {
        self.seen.rollout.rollout = Some(OnItsWay {
            id: "x".into(),
            cause: Cause::Push,
            images: images(3),
            before: images(2),
            from: "rev-2".into(),
            started_at: at(minute),
            phase: Phase::Deploying { revision: "rev-3".into(), deployment: "ecs-svc/3".into() },
        });
        self
    }

    pub fn quarantined(mut self, n: u8) -> World {
        let image = images(n)["acme/web"].clone();
        let entry = Quarantine { repository: "acme/web".into(), image, reason: "bad".into(), at: at(-1) };
        self.seen.rollout.add_quarantine(entry);
        self
    }

    pub fn max_tasks(mut self, max_tasks: u32) -> World {
        self.seen.capacity.facts.budget = Some(BudgetRestriction {
            reached_percent: 90,
            spot_only: false,
            longer_downtime_minutes: 0,
            scale_to_zero: false,
            max_tasks: Some(max_tasks),
            until: at(10_000),
        });
        self
    }

    pub fn held(mut self, minutes: i64) -> World {
        let until = capacity::Expiry { at: at(minutes), by: "anna".into() };
        self.seen.capacity.facts.manual_override =
            Some(capacity::Override { kind: capacity::OverrideKind::Hold, expiry: until });
        self
    }
}
