//! What follows from an applied decision: savings, and the transitions that are announced.

use jiff::SignedDuration;
use planner::capacity::{
    Action, Deadlines, Decision, Facts, RevisionSize, SpotMode, Target, TaskCounts, Transition, advance,
    provider_change,
};
use planner::fleet::ServicePolicy;
use planner::model::{Usd, endings};
use shared::Result;
use shared::runtime::Done;

use crate::apply::Service;
use crate::message::{self, HourlyCost, ServiceMessages};
use crate::observe::{ObservedService, healthy_tasks, tasks_by_provider};

impl Service<'_> {
    /// Counts savings and announces transitions; transitions are announced also when counting fails.
    pub(crate) async fn follow_up(
        &self,
        decision: &Decision,
        observed: &mut ObservedService,
        messages: &ServiceMessages<'_>,
        done: &mut Done,
    ) -> Result<()> {
        let accounted = self.account(observed, done).await;
        self.announce_transitions(decision, observed, messages).await?;
        if let Err(error) = accounted {
            done.failed(error);
        }
        Ok(())
    }

    /// Counts what was saved since the last observation; emits tasks by provider and their cost as metrics.
    async fn account(&self, observed: &mut ObservedService, done: &mut Done) -> Result<()> {
        let record = &mut observed.entry.record;
        if record.size.as_ref().is_none_or(|known| known.revision != observed.service.revision) {
            let revision = self.app.ecs.revision(&observed.service.revision).await?;
            record.size = Some(RevisionSize { revision: observed.service.revision.clone(), size: revision.size() });
        }
        let tasks = tasks_by_provider(&observed.tasks);
        let cost = HourlyCost::of(self.app.prices, self.policy, record, tasks);
        let saved = match (&cost, observed.capacity.started) {
            (Some(cost), true) => record.savings.count((cost.saved, cost.current), self.invocation.now),
            _ => Usd::default(),
        };
        done.document(message::metrics(
            &self.invocation.documents.system,
            self.policy,
            tasks,
            cost.as_ref(),
            saved,
            self.invocation.now,
        ));
        Ok(())
    }

    /// Announces transitions that have completed or are overdue, and moves between capacity providers.
    async fn announce_transitions(
        &self,
        decision: &Decision,
        observed: &mut ObservedService,
        messages: &ServiceMessages<'_>,
    ) -> Result<()> {
        let (policy, now) = (self.policy, self.invocation.now);
        let Some(target) = decision.target(&observed.capacity) else { return Ok(()) };
        let cost = HourlyCost::of(self.app.prices, policy, &observed.entry.record, tasks_by_provider(&observed.tasks));
        let minutes = |minutes: u32| SignedDuration::from_mins(minutes.into());
        let deadlines = Deadlines { drain: minutes(policy.drain_minutes), start: minutes(policy.wake_minutes) };
        let tasks = TaskCounts {
            running: u32::try_from(observed.tasks.len()).unwrap_or(u32::MAX),
            healthy: healthy_tasks(&observed.tasks),
        };
        let (state, transition) = advance(observed.entry.record.state, target, tasks, deadlines, now);
        observed.entry.record.state = Some(state);
        let message = match transition {
            None => None,
            Some(Transition::ScaledToZero) => {
                Some(messages.scaled_to_zero(decision, cost.as_ref(), &observed.entry.record.savings))
            }
            Some(Transition::RunningAgain { since }) => Some(messages.running_again(decision, since, cost.as_ref())),
            Some(Transition::DrainOverdue { since }) => {
                let protected = self.app.ecs.protected(&policy.cluster, &observed.tasks).await?;
                Some(messages.drain_overdue(since, &observed.tasks, &protected))
            }
            Some(Transition::StartOverdue { since }) => {
                let deployment = observed.service.primary().map_or("", |deployment| &deployment.id);
                let stopped = self.app.ecs.stopped_tasks(&observed.service.id, deployment).await?;
                Some(messages.start_overdue(since, decision, &observed.tasks, &endings(&stopped)))
            }
        };
        if let Some(message) = message {
            observed.entry.announce(now, message);
        }

        let strategy = match &decision.action {
            Action::Set(wanted) => wanted.strategy.clone(),
            Action::Keep | Action::LeaveUnchanged => observed.capacity.strategy.clone(),
        };
        let record = &mut observed.entry.record;
        let change = provider_change(record.announced_strategy.as_ref(), &strategy);
        record.announced_strategy = Some(strategy);
        let (facts, cost) = (record.facts.clone(), cost.as_ref());
        if let Some(change) = change {
            observed.entry.announce(now, messages.provider_change(change, &facts.spot, cost));
        }
        if target == Target::Running && stays_on_spot(policy, &facts, now) && !facts.spot.available(now) {
            observed.entry.announce(now, messages.spot_unavailable(&facts, tasks_by_provider(&observed.tasks)));
        }
        Ok(())
    }
}

fn stays_on_spot(policy: &ServicePolicy, facts: &Facts, now: jiff::Timestamp) -> bool {
    let held = facts.restriction_at(now).is_some_and(|restriction| restriction.spot_only);
    policy.spot.is_some_and(|spot| spot.mode == SpotMode::Only || (spot.mode == SpotMode::Prefer && held))
}
