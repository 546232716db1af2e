//! The decisions about one budget: period, request, figure, tier, notice, in this order.

use jiff::{SignedDuration, Timestamp};

use super::amount::Amount;
use super::decision::{Decision, Plan};
use super::doubt::{Doubt, Reading};
use super::notice::{Notice, NoticeKind};
use super::observed::{Observed, Spend, SpendLookup};
use super::period::{Period, day};
use super::policy::BudgetPolicy;
use super::reason::Reason;
use super::record::{DoubtedFigure, ObservedTimes, Record, Silence};
use super::request::Request;
use super::verdict::{Verdict, assess};

/// What has to be answered beside the state of the budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// An engineer requests something.
    Request(Request),
    /// AWS Budgets has sent a notice.
    Notice(Notice),
}

/// Decides about one budget; `inputs` is empty on a tick. Deciding again on the record that it returns, whatever arrives
/// twice or late in between, changes nothing.
pub fn plan(policy: &BudgetPolicy, record: &Record, observed: &Observed, inputs: &[Input], now: Timestamp) -> Plan {
    let mut reasons = Vec::new();
    let mut record = record.clone();
    let tick = inputs.is_empty().then_some(None);
    for input in tick.into_iter().chain(inputs.iter().map(Some)) {
        let mut draft = Draft { policy, record, reasons: Vec::new(), corrected: false, now };
        draft.decide(observed, input);
        record = draft.record;
        reasons.extend(draft.reasons);
    }
    // Of several inputs, what one has changed the others need not repeat.
    if reasons.len() > 1 {
        let changed = reasons.iter().any(|reason| !matches!(reason, Reason::Unchanged { .. }));
        reasons.retain(|reason| !changed || !matches!(reason, Reason::Unchanged { .. }));
        reasons.dedup();
    }
    Plan { record, decisions: reasons.into_iter().map(Decision::from).collect() }
}

/// What is in force in the last second of a period ends with it.
const SECOND: SignedDuration = SignedDuration::from_secs(1);
/// What lasts is said once a day.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// So long AWS Budgets may be silent; three ticks.
const SILENT: SignedDuration = SignedDuration::from_hours(2);
/// A tier ends when the figure is so many points of the limit below it, and stays there. AWS Budgets computes its figures
/// up to three times a day: <https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-best-practices.html>.
const BELOW: u32 = 2;
const STAYS_BELOW: SignedDuration = DAY;

/// The plan as far as it is made.
struct Draft<'a> {
    policy: &'a BudgetPolicy,
    record: Record,
    reasons: Vec<Reason>,
    /// Was the figure that counts corrected down?
    corrected: bool,
    now: Timestamp,
}

impl Draft<'_> {
    fn decide(&mut self, observed: &Observed, input: Option<&Input>) {
        let period = self.begin_period(observed);
        self.expire_hold();
        if let Some(Input::Request(request)) = input {
            let reason = request.apply(&mut self.record, self.now);
            self.reasons.push(reason);
        }
        let notice = match input {
            Some(Input::Notice(notice)) => Some(notice),
            Some(Input::Request(_)) | None => None,
        };
        self.add_tasks_cost(observed.hourly_micros);
        match &observed.spend {
            SpendLookup::Known(spend) => {
                self.record.silence = None;
                // Only what the tasks cost can be compared with what they cost.
                let comparable = self.policy.counts_tasks_alone && observed.hourly_micros.is_some();
                self.assess_figure(spend, period, comparable);
                self.move_tier(spend);
                let answer = notice.and_then(|notice| self.answer(notice, spend, period));
                if matches!(answer, Some(Reason::DoubtedNotice { .. })) {
                    // It says so too, with what AWS wrote. A reminder stays: a copy of a notice is not sent again.
                    self.reasons.retain(|reason| !matches!(reason, Reason::Doubted { since, at, .. } if since == at));
                }
                self.reasons.extend(answer);
            }
            SpendLookup::Unreachable(error) => {
                let reason = self.unverified(notice, error, period);
                self.reasons.push(reason);
            }
        }
        if self.reasons.is_empty() {
            let (percent, tier) = (self.record.percent(), self.record.in_force(self.now));
            self.reasons.push(Reason::Unchanged { percent, tier });
        }
    }

    /// Moves on to the period of `now`, and never back: a late tick belongs to the recorded period.
    fn begin_period(&mut self, observed: &Observed) -> Period {
        let record = &mut self.record;
        if let SpendLookup::Known(spend) = &observed.spend {
            record.time_unit = spend.time_unit;
        }
        let period = record.time_unit.period(self.now);
        let Some(known) = record.period else {
            record.period = Some(period);
            return period;
        };
        if known == period || self.now < known.start {
            return known;
        }
        if known.end <= self.now {
            if let Some(tier) = record.in_force(known.end - SECOND) {
                self.reasons.push(Reason::PeriodEnded { period: known, tier });
            }
            let greatest = record.figure.take();
            record.previous_period = record.latest.take().or(greatest);
            (record.tier, record.lower_since) = (None, None);
            (record.doubted, record.confirmed, record.lifted) = (None, None, None);
        }
        // Otherwise the budget now resets at other intervals; the tier that it has reached is determined below.
        record.period = Some(period);
        period
    }

    fn expire_hold(&mut self) {
        let Some(hold) = self.record.hold.take_if(|hold| hold.until <= self.now) else { return };
        if let Some(tier) = self.record.in_force(self.now) {
            self.reasons.push(Reason::HoldEnded { by: hold.by, until: hold.until, tier });
        }
    }

    /// Adds the cost of the tasks since the last observation, on the assumption that they ran all that time.
    fn add_tasks_cost(&mut self, hourly_micros: Option<u64>) {
        let now = self.now;
        let ObservedTimes { first, last } = self.record.observed.unwrap_or(ObservedTimes { first: now, last: now });
        if last > now {
            return;
        }
        self.record.observed = Some(ObservedTimes { first, last: now });
        let seconds = u64::try_from(now.duration_since(last).as_secs()).unwrap_or_default();
        let micros = u128::from(hourly_micros.unwrap_or_default()) * u128::from(seconds) / 3600;
        let cost = &mut self.record.days.entry(day(now)).tasks_cost_micros;
        *cost = cost.saturating_add(u64::try_from(micros).unwrap_or(u64::MAX));
    }

    /// Accepts the figure, or doubts it.
    fn assess_figure(&mut self, spend: &Spend, period: Period, tasks_priced: bool) {
        let reached = self.policy.tier(spend.actual.percent_of(&spend.limit)).map(|tier| tier.at_percent);
        let reading = Reading { spend, period, reaches_higher_tier: reached > self.record.tier, tasks_priced };
        match assess(&self.record, reading, self.now) {
            Verdict::PreviousPeriod => {}
            Verdict::Doubted(doubt) => self.doubt(&spend.actual, doubt, reached),
            Verdict::Accepted => self.count(spend),
        }
        self.record.limit = Some(spend.limit.clone());
    }

    /// It is said when it begins, for each higher tier that the figure would reach, and each day.
    fn doubt(&mut self, figure: &Amount, doubt: Doubt, reached: Option<u32>) {
        let (now, known, figure) = (self.now, self.record.doubted.take(), figure.clone());
        let said = known.as_ref().filter(|known| known.would_reach >= reached && known.announced_at + DAY > now);
        let announced_at = said.map_or(now, |known| known.announced_at);
        let since = known.as_ref().map_or(now, |known| known.since);
        if said.is_none() {
            let (figure, doubt) = (figure.clone(), doubt.clone());
            self.reasons.push(Reason::Doubted { figure, doubt, since, at: now });
        }
        let would_reach = known.and_then(|known| known.would_reach).max(reached);
        self.record.doubted = Some(DoubtedFigure { figure, since, doubt, would_reach, announced_at });
    }

    /// The figure counts from now on.
    fn count(&mut self, spend: &Spend) {
        let (record, figure) = (&mut self.record, &spend.actual);
        if let Some(doubted) = record.doubted.take()
            && record.confirmed.is_none()
        {
            self.reasons.push(Reason::Accepted { figure: figure.clone(), since: doubted.since });
        }
        record.days.entry(day(self.now)).figure = Some(figure.clone());
        record.latest = Some(figure.clone());
        let greater = |known: &Amount| known.unit != figure.unit || known.hundredths < figure.hundredths;
        if record.figure.as_ref().is_none_or(greater) {
            record.figure = Some(figure.clone());
        }
        // A figure that is corrected down counts when it stays so: one that comes and goes would move the tasks each time.
        let below = record.tier.is_some_and(|tier| figure.percent_of(&spend.limit).saturating_add(BELOW) <= tier);
        record.lower_since = below.then(|| record.lower_since.unwrap_or(self.now));
        if record.lower_since.take_if(|since| *since + STAYS_BELOW <= self.now).is_some() {
            record.figure = Some(figure.clone());
            self.corrected = true;
        }
    }

    /// The tier follows the greatest figure of the period and today's limit: a higher limit ends a tier at once, a lower
    /// figure when it stays low.
    fn move_tier(&mut self, spend: &Spend) {
        let percent = self.record.percent();
        let reached = self.policy.tier(percent).map(|tier| tier.at_percent);
        let previous_tier = std::mem::replace(&mut self.record.tier, reached);
        match (previous_tier, reached) {
            (previous_tier, Some(tier)) if previous_tier < reached => {
                let held = self.record.in_force(self.now).is_none();
                self.reasons.push(Reason::Reached { tier, percent, held });
            }
            (Some(from), to) if previous_tier > reached && self.corrected => {
                self.reasons.push(Reason::Corrected { from, to, figure: spend.actual.clone() });
            }
            (Some(from), to) if previous_tier > reached => {
                self.reasons.push(Reason::Lowered { from, to, limit: spend.limit.clone() });
            }
            _ => {}
        }
    }

    /// What to say about a notice; `None` when the figure says it already.
    fn answer(&self, notice: &Notice, spend: &Spend, period: Period) -> Option<Reason> {
        let covered = notice.threshold.as_ref().is_some_and(|threshold| {
            let at = threshold.percent_of(notice.limit.as_ref().unwrap_or(&spend.limit));
            // A threshold in percent arrives in dollars and cents, so a share may come out one too low.
            let begins = self.policy.tiers.iter().any(|tier| tier.at_percent.abs_diff(at) <= 1);
            begins && self.record.tier.is_some_and(|tier| tier + 1 >= at)
        });
        let announced = self.reasons.iter().any(|reason| matches!(reason, Reason::Reached { .. }));
        let notice = notice.clone();
        match notice.kind {
            _ if notice.at < period.start => Some(Reason::LateNotice { notice }),
            NoticeKind::Forecasted => Some(Reason::Forecast { notice }),
            NoticeKind::Actual => match &self.record.doubted {
                // What AWS says of it is passed on, also where the doubt was said before.
                Some(DoubtedFigure { figure, doubt, .. }) => {
                    Some(Reason::DoubtedNotice { notice, figure: figure.clone(), doubt: doubt.clone() })
                }
                None if covered || announced => None,
                None => Some(Reason::NoTier { notice, figure: spend.actual.clone() }),
            },
        }
    }

    /// A figure that cannot be verified changes nothing. That AWS Budgets does not answer is said when it lasts.
    fn unverified(&mut self, notice: Option<&Notice>, error: &str, period: Period) -> Reason {
        let (now, error) = (self.now, error.to_owned());
        let silence = self.record.silence.get_or_insert(Silence { since: now, announced_at: None });
        let Some(notice) = notice.cloned() else {
            let due = silence.announced_at.is_none_or(|at| at + DAY <= now) && silence.since + SILENT <= now;
            silence.announced_at = if due { Some(now) } else { silence.announced_at };
            return Reason::Unreachable { error, since: silence.since, announced: due };
        };
        match notice.kind {
            _ if notice.at < period.start => Reason::LateNotice { notice },
            NoticeKind::Forecasted => Reason::Forecast { notice },
            NoticeKind::Actual => Reason::Unverified { notice, error },
        }
    }
}
