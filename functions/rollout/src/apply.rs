//! Applies a decision exactly. Every step is idempotent.

use planner::model::Image;
use planner::rollout::{Action, Cause, Decision, FreezeChange, Phase, Postponed};
use shared::runtime::{Done, Line, Next, Outcome};
use shared::{Kind, Result};

use crate::message::Recovered;
use crate::observed::{Entry, ObservedService};
use crate::service::{Service, why};
use crate::trigger::Trigger;

impl Service<'_> {
    /// Records a freeze, or its end.
    pub async fn freeze(&self, change: FreezeChange, entry: &mut Entry, done: &mut Done) -> Result<Next> {
        let now = self.invocation.now;
        let only_held = entry.record.hold(now).is_some() && entry.record.freeze(now).is_none();
        let message = match (&change.frozen, only_held) {
            (None, true) => self.messages().hold_ended(&change.by),
            (frozen, _) => self.messages().frozen(frozen.as_ref(), &change.by),
        };
        let (label, why) = (change.label(), message.summary.clone());
        let mut next = entry.clone();
        next.record_event(self.invocation.now, &change, ("requested", why.clone()));
        (next.record.frozen, next.record.held) = (change.frozen, change.held);
        next.announce(self.invocation.now, message);
        self.save(entry, next).await?;
        let outcome = self.invocation.kept(vec![why.clone()]);
        done.decided((label, "requested"), why, outcome);
        Ok(Next::Again)
    }

    /// Applies `decision`; afterwards `service` has the state that it left.
    pub async fn apply(&self, decision: &Decision, service: &mut ObservedService, done: &mut Done) -> Result<Next> {
        let image = in_question(decision, &service.entry);
        let outcome = match self.invocation.act(self.carry_out(decision, service)).await {
            // What could not be read fails the invocation, after everything else is decided: it is tried again, and its
            // alarm is heard. A request that was carried out has not failed.
            Ok(_) if decision.action == Action::Keep && !service.unread.is_empty() && !self.is_requested() => {
                service.unread.first().map_or(Outcome::Unchanged, |error| Outcome::Failed(error.copy()))
            }
            Ok(Some(outcome)) => outcome,
            Ok(None) if decision.action == Action::Keep => Outcome::Unchanged,
            Ok(None) => Outcome::Planned(vec![format!("would {}: {}", decision.action.label(), decision.reason)]),
            // Another invocation wrote first.
            Err(error) if error.kind() == Kind::Conflict => return Err(error),
            Err(error) => Outcome::Failed(error),
        };
        let changed = matches!(outcome, Outcome::Changed(_));
        let next = if changed && goes_on(&decision.action) { Next::Again } else { Next::Done };
        if changed {
            match decision.action {
                Action::Roll(_) | Action::Update { .. } => done.count("Rolled"),
                Action::Complete { .. } => done.count("Completed"),
                Action::Fail(_) => done.count("RolledBack"),
                _ => {}
            }
        }
        let labels = (decision.action.label(), decision.reason.label());
        let mut line = Line::new(done.subject().clone(), labels, decision.reason.to_string(), outcome);
        line.image = image;
        done.push(line);
        Ok(next)
    }

    async fn carry_out(&self, decision: &Decision, service: &mut ObservedService) -> Result<Outcome> {
        let ObservedService { entry, observed, revision, .. } = service;
        let changes = match &decision.action {
            Action::Keep => {
                let settled = self.settle(entry).await?;
                return match self.keep(decision, entry).await? {
                    Outcome::Unchanged if !settled.is_empty() => Ok(Outcome::Changed(settled)),
                    outcome => Ok(outcome),
                };
            }
            Action::Note(noted) => self.note(decision, noted, entry).await,
            Action::Roll(roll) => self.roll(decision, roll, entry, observed, revision).await,
            Action::Update { revision, initial_tasks } => {
                self.update_after_task(decision, (revision, *initial_tasks), entry, observed).await
            }
            Action::Restart(claim) => self.restart(decision, claim, entry, observed).await,
            Action::ConfirmRestart { deployment } => self.confirm_restart(decision, deployment, entry).await,
            Action::Adopt { revision, deployment, since } => {
                let (revision, deployment) = (revision.clone(), deployment.clone());
                let phase = Phase::Deploying { revision, deployment, since: *since };
                self.advance(decision, entry, phase, None).await
            }
            Action::Stage { revision, deployment, since } => {
                let phase = Phase::Staged { revision: revision.clone(), deployment: deployment.clone(), since: *since };
                let (messages, hold) = (self.messages(), entry.record.hold(self.invocation.now));
                let message = entry.record.rollout.as_ref().map(|rollout| messages.staged(rollout, deployment));
                let message = message.map(|message| messages.with_hold(message, hold));
                self.advance(decision, entry, phase, message).await
            }
            Action::Complete { deployment, releases, .. } => self.complete(decision, deployment, releases, entry).await,
            Action::StopTask { task, reason, held } => self.stop_task(decision, (task, reason), held, entry).await,
            Action::Fail(failed) => self.fail(decision, failed, entry, &observed.service).await,
            Action::Recover { failed, images, running, release } => {
                let record = &entry.record;
                let undone = record.rollout.as_ref().is_some_and(|rollout| rollout.cause.is_rollback());
                let own = |postponed: &&Postponed| postponed.cause.as_ref().is_some_and(Cause::is_rollback);
                let again = record.postponed.as_ref().filter(|_| undone).filter(own).map(|postponed| postponed.until);
                let recovered = Recovered { failed, images, running: *running, undone, again };
                self.recover(decision, recovered, release.as_deref(), entry).await
            }
            Action::Abandon { failed } => self.abandon(decision, failed, entry, &observed.service).await,
        };
        changes.map(Outcome::Changed)
    }

    fn is_requested(&self) -> bool {
        matches!(self.invocation.trigger, Trigger::Request(_) | Trigger::Named(_))
    }

    /// Nothing changes, but what is held, refused or overdue is announced once.
    async fn keep(&self, decision: &Decision, entry: &mut Entry) -> Result<Outcome> {
        let (messages, mut next) = (self.messages(), entry.clone());
        let worth_it =
            decision.reason.each().iter().filter_map(|reason| messages.kept(reason, self.invocation.trigger));
        let new = worth_it.map(|message| next.announce(self.invocation.now, message)).filter(|new| *new).count();
        if new == 0 {
            return Ok(Outcome::Unchanged);
        }
        next.record_event(self.invocation.now, &decision.action, why(&decision.reason));
        self.save(entry, next).await?;
        Ok(Outcome::Changed(vec![format!("announced: {}", decision.reason.label())]))
    }
}

/// Does another pass follow? Not where nothing is left to do, and not where ECS shows only later what was done.
fn goes_on(action: &Action) -> bool {
    match action {
        Action::Keep | Action::StopTask { .. } => false,
        Action::Roll(roll) => !roll.run_pre_deploy_task,
        Action::Note(_)
        | Action::Update { .. }
        | Action::Restart(_)
        | Action::ConfirmRestart { .. }
        | Action::Adopt { .. }
        | Action::Stage { .. }
        | Action::Complete { .. }
        | Action::Fail(_)
        | Action::Recover { .. }
        | Action::Abandon { .. } => true,
    }
}

/// The image that a decision is about: the one to be rolled out, or the one in progress.
fn in_question(decision: &Decision, entry: &Entry) -> Option<(String, Image)> {
    let begun = if let Action::Roll(roll) = &decision.action { Some(&roll.rollout) } else { None };
    let images = &begun.or(entry.record.rollout.as_ref())?.images;
    images.iter().next().map(|(repository, image)| (repository.clone(), image.clone()))
}
