//! A service and its record, changed by domain verbs.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::capacity::Sleep;
use crate::model::*;
use crate::rollout::*;

pub const REPOSITORY: &str = "acme/api";

/// Minute `m` of the test's day.
pub fn at(m: i64) -> Timestamp {
    "2026-11-21T10:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(m)
}

/// Image number `n`, pushed at minute `n`.
pub fn image(n: u8) -> Image {
    let digest = format!("sha256:{}", format!("{n:02x}").repeat(32)).parse().unwrap();
    Image { digest, tag: Some(format!("v{n}")), version: None, pushed_at: at(n.into()), scan: ScanState::Missing }
}

pub fn images(n: u8) -> BTreeMap<String, Image> {
    BTreeMap::from([(REPOSITORY.to_owned(), image(n))])
}

/// One service: policy, record and what is observed, changed step by step.
#[derive(Clone)]
pub struct Scenario {
    /// What it follows.
    pub images: Vec<ImagePolicy>,
    /// How it is rolled out.
    pub rollout: RolloutPolicy,
    /// When it sleeps.
    pub sleep: Option<Sleep>,
    pub record: Record,
    pub observed: Observed,
    pub now: Timestamp,
}

impl Scenario {
    /// A service that runs image `n` as revision `rev-n` by deployment `dep-n`, verified.
    pub fn running(n: u8) -> Scenario {
        let mut scenario = Scenario::empty();
        scenario.observed.service.desired = 2;
        scenario.observed.service.running = 2;
        scenario.record.add_release(release(n));
        scenario.candidate(n).deployed(n, DeploymentState::Completed)
    }

    /// A service that never ran, with an empty repository.
    pub fn empty() -> Scenario {
        let id = ServiceId { cluster: "prod".into(), name: "api".into() };
        let tag = TagPolicy::Exact("latest".into());
        let image = ImagePolicy {
            repository: REPOSITORY.into(),
            account: None,
            region: None,
            containers: Vec::new(),
            tag,
            live: "live".into(),
            previous: "previous".into(),
            signed_by: None,
            source: None,
        };
        let service = Service {
            id,
            status: "ACTIVE".into(),
            desired: 0,
            running: 0,
            revision: "rev-template".into(),
            deployments: Vec::new(),
            strategy: crate::model::Strategy::OnDemand,
            network: None,
            minimum_healthy_percent: 100,
            controller: "ECS".into(),
            events: Vec::new(),
        };
        Scenario {
            images: vec![image],
            rollout: RolloutPolicy::default(),
            sleep: None,
            record: Record::default(),
            observed: Observed {
                service,
                candidates: BTreeMap::from([(REPOSITORY.to_owned(), None)]),
                signatures: BTreeMap::new(),
                running: BTreeMap::from([(REPOSITORY.to_owned(), RunningImage::Absent)]),
                unread: BTreeMap::new(),
                pushed: None,
                pinned: false,
                health_check: false,
                deleted: Vec::new(),
                running_tasks: Vec::new(),
                stopped_tasks: Vec::new(),
                history: Vec::new(),
                pre_deploy_task: None,
                hold: None,
                moved_at: None,
            },
            now: at(60),
        }
    }

    /// The tag names image `n` now.
    pub fn candidate(mut self, n: u8) -> Scenario {
        self.observed.candidates.insert(REPOSITORY.into(), Some(image(n)));
        self
    }

    /// The service's primary deployment is `dep-n` of `rev-n` in `state`; older ones are gone.
    pub fn deployed(mut self, n: u8, state: DeploymentState) -> Scenario {
        self.observed.running.insert(REPOSITORY.into(), RunningImage::Known(image(n)));
        self.observed.service.revision = format!("rev-{n}");
        self.observed.service.deployments = vec![Deployment {
            id: format!("dep-{n}"),
            primary: true,
            revision: format!("rev-{n}"),
            state,
            reason: None,
            running: 2,
            failed: 0,
            created_at: at(n.into()),
            updated_at: at(n.into()),
        }];
        self
    }

    /// Tasks of `rev-n` run.
    pub fn with_tasks(mut self, n: u8, count: usize) -> Scenario {
        let task = Task {
            arn: "task".into(),
            revision: format!("rev-{n}"),
            status: "RUNNING".into(),
            health: "HEALTHY".into(),
            started_at: None,
            provider: None,
            started_by: None,
            stopped: None,
        };
        self.observed.running_tasks = vec![task; count];
        self
    }

    /// The service's deployment history has one of `rev-n` in this status.
    pub fn with_history(mut self, n: u8, status: ServiceDeploymentStatus) -> Scenario {
        let revision = format!("rev-{n}");
        self.observed.history = vec![ServiceDeployment { revision, status, reason: None, created_at: at(50) }];
        self
    }

    /// The fleet names a pre-deploy task.
    pub fn with_pre_deploy_task(mut self) -> Scenario {
        let command = vec!["migrate".to_owned()];
        self.rollout.pre_deploy_task = Some(PreDeployTask { container: "api".into(), command, deadline_minutes: 15 });
        self
    }

    /// ECS said this of the service at a minute.
    pub fn with_event(mut self, minute: i64, message: &str) -> Scenario {
        self.observed.service.events.insert(0, ServiceEvent { at: at(minute), message: message.into() });
        self
    }

    /// Tasks ended like this.
    pub fn with_stopped(mut self, code: &str, reason: &str, count: usize) -> Scenario {
        let end = StoppedTask { code: Some(code.into()), reason: Some(reason.into()), ..StoppedTask::default() };
        let task = self.clone().with_tasks(0, 1).observed.running_tasks.remove(0);
        self.observed.stopped_tasks = vec![Task { status: "STOPPED".into(), stopped: Some(end), ..task }; count];
        self
    }

    /// A rollout from the running image to image `n` has been in this phase since minute 50; where the tag names it, that
    /// order is recorded.
    pub fn rolling_out(mut self, n: u8, phase: Phase) -> Scenario {
        if self.observed.candidates.get(REPOSITORY) == Some(&Some(image(n))) {
            self.record.orders.insert(REPOSITORY.into(), Order { image: Some(image(n)), at: at(50) });
        }
        self.record.rollout = Some(Rollout {
            id: format!("r-{n}"),
            cause: Cause::Push,
            images: images(n),
            previous_images: self.record.current().map(|release| release.images.clone()).unwrap_or_default(),
            previous_revision: self.observed.service.revision.clone(),
            revision: None,
            started_at: at(50),
            attempts: 1,
            phase,
            ran_at: None,
            migrated: false,
            superseded: None,
        });
        self
    }

    pub fn quarantined(mut self, n: u8) -> Scenario {
        let entry =
            Quarantine { repository: REPOSITORY.into(), image: image(n), reason: "it failed".into(), at: at(55) };
        self.record.add_quarantine(entry);
        self
    }

    pub fn frozen_until(mut self, until: Timestamp) -> Scenario {
        self.record.frozen = Some(Freeze { until, by: "anna".into(), reason: None });
        self
    }

    pub fn at(mut self, m: i64) -> Scenario {
        self.now = at(m);
        self
    }

    pub fn plan(&self) -> Decision {
        self.decide(None)
    }

    pub fn request(&self, request: &Request) -> Decision {
        self.decide(Some(request))
    }

    pub fn decide(&self, request: Option<&Request>) -> Decision {
        let policy =
            Policy { images: &self.images, rollout: &self.rollout, initial_tasks: 2, sleep: self.sleep.as_ref() };
        plan(policy, &self.record, &self.observed, request, self.now)
    }

    /// The reason's label and what would be rolled out, if anything.
    pub fn outcome(&self) -> (&'static str, Option<Image>) {
        outcome(&self.plan())
    }
}

pub fn outcome(decision: &Decision) -> (&'static str, Option<Image>) {
    let rolled = match &decision.action {
        Action::Roll(roll) => roll.rollout.images.get(REPOSITORY).cloned(),
        _ => None,
    };
    (decision.reason.label(), rolled)
}

pub fn release(n: u8) -> Release {
    Release {
        images: images(n),
        revision: format!("rev-{n}"),
        deployment: format!("dep-{n}"),
        started_at: at(n.into()),
        at: at(n.into()),
    }
}

pub fn deploying(n: u8) -> Phase {
    Phase::Deploying { revision: format!("rev-{n}"), deployment: format!("dep-{n}"), since: at(50) }
}

/// `dep-n` failed at this minute.
pub fn rolling_back(n: u8, minute: i64) -> Phase {
    Phase::RollingBack { failed: format!("dep-{n}"), revision: format!("rev-{n}"), since: at(minute) }
}

pub fn staged(n: u8) -> Phase {
    Phase::Staged { revision: format!("rev-{n}"), deployment: format!("dep-{n}"), since: at(50) }
}

pub fn migrating(n: u8) -> Phase {
    let (revision, task) = (format!("rev-{n}"), format!("task-{n}"));
    Phase::PreDeployTask { revision, task, since: at(50), initial_tasks: None }
}
