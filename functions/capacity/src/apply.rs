//! Makes a service's capacity what was decided. Every write is safe to repeat, and an interrupted order of writes is
//! healed by the next look: each is compared with what is there.

use planner::capacity::{Action, Bounds, Capacity, Decision, Observed, OverrideKind, Scaling};
use planner::fleet::ServicePolicy;
use planner::model::{ServiceId, Strategy, format_time};
use shared::Result;
use shared::ledger::Subject;
use shared::runtime::{Done, Invocation, Mode, Outcome};

use crate::message::ServiceMessages;
use crate::observe::ObservedService;
use crate::trigger::Trigger;
use crate::{App, Plan};

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// Bounds, and whether scaling may act.
    Bounds(Bounds),
    /// Desired count, and the strategy when it is another.
    Service {
        /// Desired count.
        desired: u32,
        /// Strategy.
        strategy: Option<Strategy>,
    },
}

/// What differs, in the order in which nothing fights: down is bounds first, so that scaling does not lift the count
/// again; up is the count first, so that scaling does not find it below its bounds.
pub(crate) fn writes(wanted: &Capacity, observed: &Observed) -> Vec<Write> {
    let bounds = observed.bounds.filter(|bounds| *bounds != wanted.bounds).map(|_| Write::Bounds(wanted.bounds));
    let strategy = Some(wanted.strategy.clone()).filter(|strategy| *strategy != observed.strategy);
    let differs = wanted.desired != observed.desired || strategy.is_some();
    let service = differs.then_some(Write::Service { desired: wanted.desired, strategy });
    match wanted.desired > observed.desired {
        true => service.into_iter().chain(bounds).collect(),
        false => bounds.into_iter().chain(service).collect(),
    }
}

/// One service whose plan is carried out.
pub(crate) struct Service<'a> {
    pub app: &'a App,
    pub policy: &'a ServicePolicy,
    pub invocation: &'a Invocation<'a, App>,
}

impl Service<'_> {
    /// The fact first, then the capacity, then what is announced of it.
    pub async fn apply(&self, plan: Plan, observed: &mut ObservedService, done: &mut Done) -> Result<()> {
        let Plan { facts, ended, decision } = plan;
        let Invocation { now, mode, context, .. } = *self.invocation;
        let subject = Subject::Service(self.policy.id());
        let messages = ServiceMessages { fleet: self.invocation.documents, policy: self.policy, now };
        let entry = &mut observed.entry;
        let changed = entry.record.facts != facts;
        entry.record.facts = facts;
        if let Some(ended) = &ended {
            entry.record_event(now, "override_ended", format!("the override of {} ended", ended.ended.expiry.by));
            entry.announce(now, messages.override_ended(ended, &decision));
        }
        if let Trigger::Override { kind, request, .. } = self.invocation.trigger {
            let why = decision.reason.to_string();
            entry.record_event(now, "override", why.clone());
            if *kind == OverrideKind::Hold {
                entry.announce(now, messages.held(request, &decision));
            }
            let recorded = vec!["recorded".to_owned()];
            let outcome = if mode == Mode::Act { Outcome::Changed(recorded) } else { Outcome::Planned(recorded) };
            done.decided(("record", "requested"), why, outcome);
        }
        if mode == Mode::Act && changed {
            // A crash after this is healed by the next tick, a crash before it loses a request.
            context.ledger.save(&subject, entry).await?;
        }

        let outcome = self.set_capacity(&decision, observed).await;
        let labels = (decision.label(&observed.capacity), decision.reason.label());
        let changes = match &outcome {
            Outcome::Changed(changes) => Some(changes.join(", ")),
            Outcome::Unchanged | Outcome::Planned(_) | Outcome::Failed(_) => None,
        };
        let failed = matches!(outcome, Outcome::Failed(_));
        done.decided(labels, why(&decision), outcome);
        if mode != Mode::Act || failed {
            return Ok(());
        }
        let before = observed.entry.clone();
        if let Some(changes) = changes {
            observed.entry.record_event(now, decision.reason.label(), format!("{changes}: {}", decision.reason));
        }
        self.follow_up(&decision, observed, &messages, done).await?;
        if observed.entry != before {
            context.ledger.save(&subject, &mut observed.entry).await?;
        }
        Ok(())
    }

    async fn set_capacity(&self, decision: &Decision, observed: &ObservedService) -> Outcome {
        let Action::Set(wanted) = &decision.action else { return Outcome::Unchanged };
        let writes = writes(wanted, &observed.capacity);
        let changes = writes.iter().map(|write| write.describe(&observed.capacity)).collect();
        if self.invocation.mode != Mode::Act {
            return Outcome::Planned(changes);
        }
        match self.app.set(&self.policy.id(), &writes).await {
            Ok(()) => Outcome::Changed(changes),
            Err(error) => Outcome::Failed(error),
        }
    }
}

impl App {
    /// Makes the writes, in order.
    async fn set(&self, id: &ServiceId, writes: &[Write]) -> Result<()> {
        for write in writes {
            match write {
                Write::Bounds(bounds) => self.autoscaling.set_bounds(id, *bounds).await?,
                Write::Service { desired, strategy } => {
                    self.ecs.set_capacity(id, *desired, strategy.as_ref()).await?;
                }
            }
        }
        Ok(())
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
                    _ => "",
                };
                format!("bounds {} to {}{scaling}", bounds.min, bounds.max)
            }
            Write::Service { desired, strategy } => {
                let placed = strategy.as_ref().map(|strategy| format!(", tasks {strategy}")).unwrap_or_default();
                match *desired == observed.desired {
                    true => format!("desired count stays {desired}{placed}"),
                    false => format!("desired count {} -> {desired}{placed}", observed.desired),
                }
            }
        }
    }
}

/// The decision as a sentence, with the moment at which it will be another where the sentence does not say it.
fn why(decision: &Decision) -> String {
    let sentence = decision.reason.to_string();
    match decision.until.map(format_time).filter(|until| !sentence.contains(until)) {
        Some(until) => format!("{sentence}; until {until}"),
        None => sentence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(desired: u32, bounds: Bounds) -> Observed {
        let strategy = Strategy::Spot { base: 0 };
        Observed { desired, bounds: Some(bounds), strategy, rollout_in_flight: false, started: true }
    }

    fn range(min: u32, max: u32) -> Bounds {
        Bounds { min, max, scaling: Scaling::Active }
    }

    fn wanted(desired: u32, bounds: Bounds, strategy: Strategy) -> Capacity {
        Capacity { desired, bounds, strategy }
    }

    #[test]
    fn down_is_scaling_first_and_up_is_the_count_first() {
        let spot = || Strategy::Spot { base: 0 };
        let seen = observed(2, range(1, 3));
        let down = writes(&wanted(0, Bounds::SCALED_TO_ZERO, spot()), &seen);
        assert_eq!(down, [Write::Bounds(Bounds::SCALED_TO_ZERO), Write::Service { desired: 0, strategy: None }]);
        let told: Vec<String> = down.iter().map(|write| write.describe(&seen)).collect();
        assert_eq!(told, ["bounds 0 to 0, scaling suspended", "desired count 2 -> 0"]);
        let asleep = observed(0, Bounds::SCALED_TO_ZERO);
        let up = writes(&wanted(1, range(1, 3), Strategy::OnDemand), &asleep);
        let strategy = Some(Strategy::OnDemand);
        assert_eq!(up, [Write::Service { desired: 1, strategy }, Write::Bounds(range(1, 3))]);
        let told: Vec<String> = up.iter().map(|write| write.describe(&asleep)).collect();
        assert_eq!(told, ["desired count 0 -> 1, tasks on demand", "bounds 1 to 3, scaling resumed"]);
    }

    #[test]
    fn what_is_as_it_should_be_is_not_written() {
        let same = wanted(2, range(1, 3), Strategy::Spot { base: 0 });
        assert_eq!(writes(&same, &observed(2, range(1, 3))), []);
        assert_eq!(writes(&same, &observed(2, range(1, 2))), [Write::Bounds(range(1, 3))]);
        let unscaled = Observed { bounds: None, ..observed(1, range(1, 1)) };
        assert_eq!(writes(&same, &unscaled), [Write::Service { desired: 2, strategy: None }]);
    }
}
