//! What follows from a decision, applied or not: savings, and what is announced.

use planner::capacity::{Action, Announcement, Capacity, FollowUp, RevisionSize, Transition};
use planner::model::{Usd, endings};
use shared::Result;
use shared::notify::Notification;
use shared::runtime::Done;

use crate::message::{self, HourlyCost};
use crate::observe::ObservedService;
use crate::planned::Applied;
use crate::service::Service;

impl Service<'_> {
    /// Counts savings and announces what follows, also when counting fails; one write.
    pub(crate) async fn follow_up(
        &self,
        applied: &Applied,
        follow_up: FollowUp,
        observed: &mut ObservedService,
        done: &mut Done,
    ) -> Result<()> {
        let (now, loaded) = (self.invocation.now, observed.entry.clone());
        if let Some(changes) = &applied.changes {
            let reason = &applied.decision.reason;
            let why = (reason.label(), format!("{changes}: {reason}"));
            observed.entry.record_event(now, &applied.effect, why);
            let moves = |wanted: &Capacity| wanted.strategy != observed.capacity.strategy;
            if matches!(&applied.decision.action, Action::Set(wanted) if moves(wanted)) {
                observed.entry.record.facts.accept_move();
            }
        }
        if let Action::Set(wanted) = &applied.decision.action
            && applied.changes.is_some()
            && applied.error.is_none()
            && wanted.desired != observed.capacity.desired
        {
            observed.entry.record.facts.written(wanted.desired, now);
        }
        if let Some(error) = &applied.error {
            let facts = &mut observed.entry.record.facts;
            facts.range.not_written();
            // Without a refusal a move may be on its way: it is seen then, or requested again.
            let refused = applied.strategy_refused.then(|| facts.refuse_move(error.clone(), now)).flatten();
            if let Some(refused) = refused {
                let message = self.messages().move_failed(&refused, &facts.spot);
                observed.entry.announce(now, message);
            }
        }
        let accounted = self.account(observed, done).await;
        observed.entry.record.state = follow_up.state;
        observed.entry.record.announced_strategy = follow_up.announced_strategy;
        for announcement in follow_up.announcements {
            let message = self.message(announcement, applied, observed).await?;
            observed.entry.announce(now, message);
        }
        if let Err(error) = accounted {
            done.failed(error);
        }
        if observed.entry != loaded {
            self.invocation.save(&self.subject(), &mut observed.entry).await?;
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
        let tasks = observed.by_provider;
        let cost = HourlyCost::of(self.app.prices, self.policy, record, tasks);
        let saved = match (&cost, observed.capacity.started) {
            (Some(cost), true) => record.savings.count((cost.saved, cost.current), self.invocation.now),
            _ => Usd::default(),
        };
        done.document(message::metrics(
            &self.invocation.documents.fleet.system,
            self.policy,
            tasks,
            cost.as_ref(),
            saved,
            self.invocation.now,
        ));
        Ok(())
    }

    /// The message; one about a transition that is overdue says what ECS knows of its tasks.
    async fn message(
        &self,
        announcement: Announcement,
        applied: &Applied,
        observed: &ObservedService,
    ) -> Result<Notification> {
        let decision = &applied.decision;
        let (messages, record, tasks) = (self.messages(), &observed.entry.record, &observed.tasks);
        let cost = HourlyCost::of(self.app.prices, self.policy, record, observed.by_provider);
        let cost = cost.as_ref();
        Ok(match announcement {
            Announcement::Transition(Transition::ScaledToZero) => {
                messages.scaled_to_zero(decision, cost, &record.savings)
            }
            Announcement::Transition(Transition::RunningAgain { since }) => {
                messages.running_again(decision, since, cost)
            }
            Announcement::Transition(Transition::DrainOverdue { since }) => {
                let protected = self.app.ecs.protected(&self.policy.cluster, tasks).await?;
                messages.drain_overdue(since, tasks, &protected, applied.error.as_deref())
            }
            Announcement::Transition(Transition::StartOverdue { since }) => {
                let deployment = observed.service.primary().map_or("", |deployment| &deployment.id);
                let stopped = self.app.ecs.stopped_tasks(&observed.service.id, |task| task.is_of(deployment)).await?;
                let why = (&endings(&stopped)[..], applied.error.as_deref());
                messages.start_overdue(since, decision, tasks, why)
            }
            Announcement::ProviderChange(change) => messages.provider_change(change, &record.facts.spot, cost),
            Announcement::SpotUnavailable => messages.spot_unavailable(&record.facts, observed.by_provider),
        })
    }
}
