//! The four functions as far as they are not I/O: each observes the simulation, decides, and writes to it and to the ledger.

use super::*;

impl Simulation {
    /// The rollout function.
    pub(super) fn roll(&mut self, mut request: Option<Request>) {
        for _ in 0..8 {
            let (policy, observed) = (self.fleet.services[0].rollout(), self.observed());
            let decision = rollout::plan(policy, &self.images, &observed, request.as_ref(), self.now);
            match decision.action {
                Action::Keep => return,
                Action::Roll(roll) => {
                    let image = roll.rollout.images[REPOSITORY].tag.as_ref().unwrap()[1..].parse().unwrap();
                    let deployment = self.deploy(image);
                    self.images.rollout = Some(roll.rollout);
                    self.images.held = roll.held;
                    self.images.orders.extend(roll.orders);
                    roll.quarantine.into_iter().for_each(|entry| self.images.add_quarantine(entry));
                    let (revision, since) = (self.service.revision.clone(), self.now);
                    self.reach(Phase::Deploying { revision, deployment, since });
                }
                Action::Adopt { revision, deployment, since } => {
                    self.reach(Phase::Deploying { revision, deployment, since });
                }
                Action::Stage { revision, deployment, since } => {
                    self.reach(Phase::Staged { revision, deployment, since });
                }
                Action::Complete { releases, .. } => self.images.complete(releases),
                Action::Fail(failed) => self.images.fail(failed, self.now),
                Action::Note(noted) => self.images.note(noted),
                Action::Recover { .. } => self.images.rollout = None,
                Action::Abandon { .. } => self.images.abandon(&self.service.revision),
                action @ (Action::Update { .. }
                | Action::Restart(_)
                | Action::ConfirmRestart { .. }
                | Action::StopTask { .. }) => panic!("{action:?}"),
            }
            request = None;
        }
        panic!("it does not come to rest");
    }

    fn reach(&mut self, phase: Phase) {
        self.images.rollout.as_mut().unwrap().phase = phase;
    }

    fn observed(&self) -> rollout::Observed {
        let deployed = number(&self.service.revision);
        let task = |revision: &str, status: &str| Task {
            arn: "task".into(),
            revision: revision.into(),
            status: status.into(),
            health: "HEALTHY".into(),
            started_at: None,
            provider: None,
            started_by: None,
            stopped: (status == "STOPPED").then(StoppedTask::default),
        };
        let serving = self.serving.filter(|_| self.service.running > 0);
        // ECS lists stopped tasks for an hour, also those of a deployment that it has rolled back.
        let ours = match self.images.rollout.as_ref().map(|rollout| &rollout.phase) {
            Some(Phase::Deploying { revision, .. }) => number(revision),
            _ => deployed,
        };
        let failing = [deployed, ours].iter().any(|image| self.fate(*image) == Fate::Fails) && self.service.desired > 0;
        rollout::Observed {
            service: self.service.clone(),
            candidates: BTreeMap::from([(REPOSITORY.to_owned(), Some(self.image(self.newest())))]),
            running: BTreeMap::from([(REPOSITORY.to_owned(), RunningImage::Known(self.image(deployed)))]),
            unread: BTreeMap::new(),
            pushed: None,
            pinned: true,
            health_check: false,
            deleted: Vec::new(),
            running_tasks: serving.map(|image| task(&format!("rev-{image}"), "RUNNING")).into_iter().collect(),
            stopped_tasks: if failing { vec![task(&self.service.revision, "STOPPED"); 3] } else { Vec::new() },
            history: Vec::new(),
            pre_deploy_task: None,
            hold: None,
            moved_at: None,
            signatures: Default::default(),
        }
    }

    /// The capacity function.
    pub(super) fn set_capacity(&mut self, spot: Option<SpotEvent>) {
        let (policy, facts, now) = (&self.fleet.services[0], &mut self.capacity.facts, self.now);
        facts.expire(now);
        if let Some(event) = spot {
            facts.spot = facts.spot.after(event, 1, now);
        }
        let rolling = self.images.rollout.as_ref();
        let rolling = rolling.is_some_and(|rollout| !matches!(rollout.phase, Phase::Staged { .. }));
        let observed = Observed {
            desired: self.service.desired,
            bounds: Some(self.bounds),
            strategy: self.service.strategy.clone(),
            rollout_in_flight: rolling && self.service.running > 0,
            started: true,
            ..Observed::default()
        };
        let decision = capacity::plan(&policy.capacity(), facts, &observed, now);
        if let Some(target) = decision.target(&observed) {
            let deadlines = Deadlines { drain: SignedDuration::from_mins(30), start: SignedDuration::from_mins(15) };
            let tasks = TaskCounts { running: self.service.running, healthy: self.service.running };
            self.capacity.state = Some(capacity::advance(self.capacity.state, target, tasks, deadlines, now).0);
        }
        if let capacity::Action::Set(wanted) = decision.action {
            (self.service.desired, self.bounds) = (wanted.desired, wanted.bounds);
            if wanted.strategy != self.service.strategy {
                self.service.strategy = wanted.strategy;
                self.deploy(number(&self.service.revision));
            }
        }
    }

    /// The alarm function.
    pub(super) fn observe_alarm(&mut self, alarm: usize, change: Option<StateChange>) {
        let (policy, record) = (&self.alarms[alarm], &mut self.alarm_records[alarm]);
        if let Some(change) = change {
            record.evidence = alarm::Evidence::Measured;
            record.record_state_change(change);
        }
        let observed = alarm::Observed {
            desired: self.service.desired,
            running: self.service.running,
            capacity: self.capacity.clone(),
            rollout: self.images.clone(),
            error: None,
        };
        let service = alarm::ObservedService { policy: &self.fleet.services[0], observed: &observed };
        let plan = alarm::plan(policy, Some(&service), record, self.now);
        record.record_announcement(&plan, self.now);
        let Some(action) = plan.remedy.action else { return };
        record.record_remedy(&action, self.now);
        match action {
            RemedyAction::Scale(ScaleAction { boost, .. }) => {
                self.capacity.facts.boosts.insert(boost.expiry.by.clone(), boost);
                self.set_capacity(None);
            }
            RemedyAction::Rollback(RollbackAction { deployment, .. }) => {
                let by = policy.name.clone();
                let deployment = Some(deployment);
                let environment = rollout::request::Environment::Current;
                let rollback = rollout::request::Rollback {
                    by,
                    reason: None,
                    deployment,
                    environment,
                    hold_until: None,
                    asked_at: Some(self.now),
                };
                self.roll(Some(Request::Rollback(rollback)));
            }
            RemedyAction::Restart(_) => panic!("no alarm here restarts"),
        }
    }

    /// The budget function.
    pub(super) fn count(&mut self, inputs: &[budget::Input]) {
        let (limit, actual) = (Amount::cents(LIMIT), Amount::cents(LIMIT / 100 * self.percent));
        let spend = Spend { time_unit: TimeUnit::Monthly, limit, actual, forecast: None };
        let observed = budget::Observed { spend: SpendLookup::Known(spend), hourly_micros: None };
        self.spent = budget::plan(&self.budget, &self.spent, &observed, inputs, self.now).record;
        let restriction = budget::restrictions([(&self.budget, &self.spent)], self.now).remove("web");
        if self.capacity.facts.budget != restriction {
            self.capacity.facts.budget = restriction;
            self.set_capacity(None);
        }
    }
}
