//! Applies a decision. Every write can be repeated, and an interrupted order of writes is completed by the next tick: each
//! is compared with what is observed.

use planner::capacity::{Action, Bounds, Capacity, Decision, Observed, OverrideKind, Scaling};
use planner::model::{ServiceId, Strategy, format_time};
use shared::runtime::{Next, Outcome, Pass};
use shared::{Error, Kind, Result};

use crate::app::App;
use crate::observe::ObservedService;
use crate::planned::{Applied, Decided};
use crate::service::Service;
use crate::trigger::Trigger;

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// Bounds, and whether scaling may act.
    Bounds(Bounds),
    /// Desired count and capacity provider strategy; what is `None` stays.
    Service {
        /// Desired count.
        desired: Option<u32>,
        /// Capacity provider strategy.
        strategy: Option<Strategy>,
    },
}

/// What differs. Scaling in sets the bounds first, so that Application Auto Scaling does not raise the count again;
/// scaling out sets the count first, so that it is never below the bounds.
pub(crate) fn writes(wanted: &Capacity, observed: &Observed) -> Vec<Write> {
    let bounds = observed.bounds.filter(|bounds| *bounds != wanted.bounds).map(|_| Write::Bounds(wanted.bounds));
    let strategy = Some(wanted.strategy.clone()).filter(|strategy| *strategy != observed.strategy);
    let desired = Some(wanted.desired).filter(|desired| *desired != observed.desired);
    let differs = desired.is_some() || strategy.is_some();
    let service = differs.then_some(Write::Service { desired, strategy });
    match wanted.desired > observed.desired {
        true => service.into_iter().chain(bounds).collect(),
        false => bounds.into_iter().chain(service).collect(),
    }
}

impl Service<'_> {
    /// Saves the facts, then sets the capacity. What follows is planned once that is done.
    pub async fn apply(
        &self,
        decided: Decided,
        observed: &mut ObservedService,
        pass: Pass<'_, '_, App>,
    ) -> Result<Next> {
        let Decided { facts, ended, failed_move, bounds_conflict, decision } = decided;
        let (now, messages, done) = (self.invocation.now, self.messages(), pass.done);
        let entry = &mut observed.entry;
        let found_again = entry.record.missing.take().is_some();
        let changed = entry.record.facts != facts || found_again;
        entry.record.facts = facts;
        if let Some(failed) = &failed_move {
            // It says where the tasks are: no message about a move back follows.
            entry.record.announced_strategy = Some(failed.from.clone());
            entry.announce(now, messages.move_failed(failed, &entry.record.facts.spot));
        }
        if let Some(bounds) = observed.capacity.bounds.filter(|_| bounds_conflict) {
            entry.announce(now, messages.bounds_conflict(bounds));
        }
        if let Some(ended) = &ended {
            let why = format!("the override requested by {} ended", ended.ended.expiry.by);
            entry.record_event(now, ended, ("requested", why));
            entry.announce(now, messages.override_ended(ended, &decision));
        }
        if let Trigger::Override { kind, .. } = self.invocation.trigger {
            let why = decision.reason.to_string();
            entry.record_event(now, kind, ("requested", why.clone()));
            if *kind == OverrideKind::Hold {
                entry.announce(now, messages.held(&decision));
            }
            done.decided(("record", "requested"), why, self.invocation.kept(vec!["recorded".to_owned()]));
        }
        if changed {
            // A crash after this is completed by the next tick; a crash before it loses a request.
            self.invocation.save(&self.subject(), entry).await?;
        }
        let (outcome, strategy_refused) = self.set_capacity(&decision, observed).await;
        let effect = decision.effect(&observed.capacity);
        let changes = match &outcome {
            Outcome::Changed(changes) => Some(changes.join(", ")),
            Outcome::Unchanged | Outcome::Planned(_) | Outcome::Failed(_) => None,
        };
        let error = outcome.error().map(ToString::to_string);
        done.decided((effect.label(), decision.reason.label()), why(&decision), outcome);
        if let Some(error) = observed.bounds_error.take() {
            done.failed(error);
        }
        // What could not be applied is followed too: it may be overdue.
        let applied = async {
            *pass.progress = Some(Applied { decision, effect, changes, error, strategy_refused });
            Ok(Next::Again)
        };
        Ok(self.invocation.act(applied).await?.unwrap_or(Next::Done))
    }

    /// Sets the capacity; true when ECS refused the capacity provider strategy.
    async fn set_capacity(&self, decision: &Decision, observed: &ObservedService) -> (Outcome, bool) {
        let Action::Set(wanted) = &decision.action else { return (Outcome::Unchanged, false) };
        let writes = writes(wanted, &observed.capacity);
        let changes = writes.iter().map(|write| write.describe(&observed.capacity)).collect();
        match self.invocation.act(self.app.set(&self.policy.id(), &writes)).await {
            Ok(Some(None)) => (Outcome::Changed(changes), false),
            Ok(Some(Some(refused))) => (Outcome::Failed(refused), true),
            Ok(None) => (Outcome::Planned(changes), false),
            Err(error) => (Outcome::Failed(error), false),
        }
    }
}

impl App {
    /// Makes the writes, in order; one that fails keeps no other from being made. Where ECS refuses a capacity provider
    /// strategy, the count goes alone, and the refusal is returned.
    ///
    /// # Errors
    /// The first failure that is no such refusal.
    async fn set(&self, id: &ServiceId, writes: &[Write]) -> Result<Option<Error>> {
        let (mut refused, mut failed) = (None, None);
        for write in writes {
            let written = match write {
                Write::Bounds(bounds) => self.autoscaling.set_bounds(id, *bounds).await,
                Write::Service { desired, strategy } => {
                    match self.ecs.set_capacity(id, *desired, strategy.as_ref()).await {
                        Err(error) if strategy.is_some() && is_refusal(&error) => {
                            refused = Some(error);
                            match desired {
                                Some(_) => self.ecs.set_capacity(id, *desired, None).await,
                                None => Ok(()),
                            }
                        }
                        written => written,
                    }
                }
            };
            failed = failed.or(written.err());
        }
        failed.map_or(Ok(refused), Err)
    }
}

/// Is it certain that ECS changed nothing? The answer to a write that took effect may be lost.
fn is_refusal(error: &Error) -> bool {
    match error.kind() {
        Kind::Invalid | Kind::Denied => true,
        Kind::NotFound | Kind::Conflict | Kind::Throttled | Kind::Unavailable => false,
    }
}

impl Write {
    /// What it changes, in words.
    pub(crate) fn describe(&self, observed: &Observed) -> String {
        match self {
            Write::Bounds(bounds) => {
                let scaling = match (bounds.scaling, observed.bounds.map(|bounds| bounds.scaling)) {
                    (Scaling::Suspended, Some(Scaling::Active | Scaling::Partly)) => ", scaling suspended",
                    (Scaling::Active, Some(Scaling::Suspended | Scaling::Partly)) => ", scaling resumed",
                    (Scaling::Partly, Some(_))
                    | (_, None)
                    | (Scaling::Active, Some(Scaling::Active))
                    | (Scaling::Suspended, Some(Scaling::Suspended)) => "",
                };
                format!("scalable target {} to {}{scaling}", bounds.min, bounds.max)
            }
            Write::Service { desired, strategy } => {
                let provider = strategy.as_ref().map(|strategy| format!(", tasks on {strategy}")).unwrap_or_default();
                match desired {
                    None => format!("desired count unchanged at {}{provider}", observed.desired),
                    Some(desired) => format!("desired count {} -> {desired}{provider}", observed.desired),
                }
            }
        }
    }
}

/// The reason as a sentence, with the time of the next change where the sentence does not have it.
fn why(decision: &Decision) -> String {
    let sentence = decision.reason.to_string();
    match decision.until.map(format_time).filter(|until| !sentence.contains(until)) {
        Some(until) => format!("{sentence}; next change at {until}"),
        None => sentence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(desired: u32, bounds: Bounds) -> Observed {
        let strategy = Strategy::Spot { base: 0 };
        Observed { desired, bounds: Some(bounds), strategy, started: true, ..Observed::default() }
    }

    fn range(min: u32, max: u32) -> Bounds {
        Bounds { min, max, scaling: Scaling::Active }
    }

    fn wanted(desired: u32, bounds: Bounds, strategy: Strategy) -> Capacity {
        Capacity { desired, bounds, strategy }
    }

    #[test]
    fn scaling_in_sets_the_bounds_first_and_scaling_out_the_count() {
        let spot = || Strategy::Spot { base: 0 };
        let running = observed(2, range(1, 3));
        let down = writes(&wanted(0, Bounds::SCALED_TO_ZERO, spot()), &running);
        assert_eq!(down, [Write::Bounds(Bounds::SCALED_TO_ZERO), Write::Service { desired: Some(0), strategy: None }]);
        let changes: Vec<String> = down.iter().map(|write| write.describe(&running)).collect();
        assert_eq!(changes, ["scalable target 0 to 0, scaling suspended", "desired count 2 -> 0"]);
        let stopped = observed(0, Bounds::SCALED_TO_ZERO);
        let up = writes(&wanted(1, range(1, 3), Strategy::OnDemand), &stopped);
        let strategy = Some(Strategy::OnDemand);
        assert_eq!(up, [Write::Service { desired: Some(1), strategy }, Write::Bounds(range(1, 3))]);
        let changes: Vec<String> = up.iter().map(|write| write.describe(&stopped)).collect();
        assert_eq!(changes, ["desired count 0 -> 1, tasks on FARGATE", "scalable target 1 to 3, scaling resumed"]);
    }

    #[test]
    fn what_does_not_differ_is_not_written() {
        let same = wanted(2, range(1, 3), Strategy::Spot { base: 0 });
        assert_eq!(writes(&same, &observed(2, range(1, 3))), []);
        assert_eq!(writes(&same, &observed(2, range(1, 2))), [Write::Bounds(range(1, 3))]);
        let moved = writes(&wanted(2, range(1, 3), Strategy::OnDemand), &observed(2, range(1, 3)));
        assert_eq!(moved, [Write::Service { desired: None, strategy: Some(Strategy::OnDemand) }]);
        let unscaled = Observed { bounds: None, ..observed(1, range(1, 1)) };
        assert_eq!(writes(&same, &unscaled), [Write::Service { desired: Some(2), strategy: None }]);
    }
}
