//! Every message as it arrives in an inbox.

mod kept;
mod noted;
mod requests;
mod rollouts;

use std::collections::BTreeMap;

use jiff::Timestamp;
use planner::fleet::Fleet;
use planner::model::{Image, ScanState};
use planner::rollout::{
    Cause, FailedRollout, Freeze, Handling, Obstacle, Outstanding, Phase, Quarantine, Reason, Record, Recovery,
    Release, RestartCause, RestartEnd, Rollout, Work,
};
use shared::notify::Notification;
use shared::{Error, Kind};

use super::{Failure, Messages, Recovered};
use crate::trigger::{RequestKind, Restart, Retry, Rollback, RolloutRequest, Trigger};

fn fleet() -> Fleet {
    let service = r#"{"name":"website-agent","cluster":"huskit-prod","baseline":{"min":2,"max":6},
        "images":[{"repository":"huskit/website-agent","tag":{"exact":"latest"},
            "source":"https://github.com/acme/website-agent"}]}"#;
    Fleet::parse(&format!(r#"{{"system":"huskit","stage":"prod","services":[{service}]}}"#)).unwrap()
}

fn at(minute: i64) -> Timestamp {
    "2026-11-21T10:00:00Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_mins(minute)
}

fn images(n: u8) -> BTreeMap<String, Image> {
    let digest = format!("sha256:{}", format!("{n:02x}").repeat(32)).parse().unwrap();
    let image = Image {
        digest,
        tag: Some("latest".into()),
        version: Some(format!("{n}a9c3f2")),
        pushed_at: at(n.into()),
        scan: ScanState::Missing,
    };
    BTreeMap::from([("huskit/website-agent".to_owned(), image)])
}

fn rollout(cause: Cause) -> Rollout {
    Rollout {
        id: "020202020202-7".into(),
        cause,
        images: images(2),
        previous_images: images(1),
        previous_revision: "rev-1".into(),
        revision: None,
        started_at: at(3),
        attempts: 1,
        phase: Phase::Claimed { initial_tasks: None },
        ran_at: None,
        migrated: false,
        superseded: None,
    }
}

fn record() -> Record {
    let release = Release {
        images: images(1),
        revision: "rev-1".into(),
        deployment: "ecs-svc/1".into(),
        started_at: at(0),
        at: at(1),
    };
    Record { releases: vec![release], ..Record::default() }
}

fn messages(fleet: &Fleet, minute: i64) -> Messages<'_> {
    Messages { fleet, policy: &fleet.services[0], now: at(minute) }
}

fn mail(message: &Notification) -> String {
    format!("{}\n\n{}", message.subject(), message.text())
}
