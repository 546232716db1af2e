//! Messages about an alarm that is in ALARM or flapping: what an engineer who is woken by it asks first.

use jiff::SignedDuration;
use planner::alarm::Reason;
use planner::model::{format_duration, format_time};
use shared::notify::Notification;

use super::MessageContext;
use crate::outcome::RemedyOutcome;

impl MessageContext<'_> {
    /// `ALARM <name>`: the figure, what is wrong, and why it was not announced earlier.
    pub(super) fn in_alarm(&self, reason: &Reason, outcome: &RemedyOutcome) -> Notification {
        let since = self.since();
        let earlier = match reason {
            Reason::NoLongerExplained { was, .. } => {
                Some(format!("Not announced earlier, as it was explained: {was}."))
            }
            Reason::StaysInAlarm { first, .. } => {
                Some(format!("It has been flapping since {} and now stays in ALARM.", format_time(*first)))
            }
            Reason::NeverReported
            | Reason::Ok
            | Reason::EnteredAlarm { .. }
            | Reason::AlreadyAnnounced { .. }
            | Reason::Explained { .. }
            | Reason::RecoveredExplained { .. }
            | Reason::Flapping { .. }
            | Reason::StillFlapping { .. }
            | Reason::FlappingEnded { .. }
            | Reason::Recovered { .. }
            | Reason::Missing { .. }
            | Reason::Found
            | Reason::NoData { .. }
            | Reason::DataBack { .. }
            | Reason::NoDataIgnored
            | Reason::ClaimedElsewhere { .. } => None,
        };
        let summary = [self.figure(), Some(self.description()), earlier];
        Notification {
            summary: summary.into_iter().flatten().collect::<Vec<_>>().join(" "),
            facts: self.facts(outcome),
            next_steps: self.next_steps(outcome),
            ..self.message(self.severity(), &format!("in_alarm/{since}"), &format!("ALARM {}", self.name()))
        }
    }

    /// `FLAPPING <name>`: how often it entered ALARM, and when the next message follows.
    pub(super) fn flapping(&self, times: usize, minutes: u32, outcome: &RemedyOutcome) -> Notification {
        let since = self.since();
        let [within, stable] = [minutes, self.policy.flapping.stable_minutes]
            .map(|minutes| format_duration(SignedDuration::from_mins(minutes.into())));
        let summary = [
            self.figure(),
            Some(format!("Entered ALARM {times} times in {within}.")),
            Some(self.description()),
            Some(format!("The next message follows when the alarm stays in OK or in ALARM for {stable}.")),
        ];
        Notification {
            summary: summary.into_iter().flatten().collect::<Vec<_>>().join(" "),
            facts: self.facts(outcome),
            next_steps: self.next_steps(outcome),
            ..self.message(self.severity(), &format!("flapping/{since}"), &format!("FLAPPING {}", self.name()))
        }
    }

    fn facts(&self, outcome: &RemedyOutcome) -> Vec<(String, String)> {
        let since = self.since();
        let length = format_duration(self.now.duration_since(since));
        let mut facts = vec![("since".to_owned(), format!("{} ({length})", format_time(since)))];
        facts.extend(self.cause());
        facts.extend(self.changes());
        facts.extend(self.tasks());
        if !matches!(outcome, RemedyOutcome::Requested(_)) {
            facts.extend(self.requested_since(since));
        }
        facts.push(("remedy".to_owned(), self.remedy(outcome)));
        facts.extend(self.links(since));
        facts
    }
}
