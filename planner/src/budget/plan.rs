//! The state machine of one budget: period, requests, figure, tier, message, in this order.

use jiff::{SignedDuration, Timestamp};

use super::amount::Amount;
use super::judge::{Verdict, judge};
use super::period::{Every, Period, day};
use super::policy::BudgetPolicy;
use super::reason::Reason;
use super::state::{Doubted, Hold, Record, Release};

/// What Budgets says of a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spend {
    /// How often it starts again.
    pub every: Every,
    /// What may be spent in a period.
    pub limit: Amount,
    /// What is spent in this period.
    pub actual: Amount,
    /// What will be spent, when Budgets knows enough to say.
    pub forecast: Option<Amount>,
}

/// What was seen of a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What Budgets says.
    pub spend: Asked,
    /// What the tasks that run cost in an hour, by the price table, in millionths of a US dollar, if that is known.
    pub hourly_micros: Option<u64>,
}

/// The answer of Budgets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It says this.
    Known(Spend),
    /// It could not be asked.
    Unreachable(String),
}

/// What somebody asks, or a message says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ask {
    /// Nothing; a tick.
    #[default]
    Nothing,
    /// A message from Budgets.
    Notice(Notice),
    /// End what is in force for the rest of the period.
    Release {
        /// Who asks.
        by: String,
        /// Why, in their words.
        why: Option<String>,
    },
    /// Keep all tiers off until then.
    Hold {
        /// Who asks.
        by: String,
        /// Why, in their words.
        why: Option<String>,
        /// Until when.
        until: Timestamp,
    },
    /// End a release and a hold.
    Resume {
        /// Who asks.
        by: String,
    },
    /// The doubted figure is right.
    Confirm {
        /// Who asks.
        by: String,
    },
}

/// A message from Budgets, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// The figure.
    pub amount: Amount,
    /// What the figure has passed.
    pub threshold: Option<Amount>,
    /// The limit, as the message has it.
    pub limit: Option<Amount>,
    /// When Budgets wrote it.
    pub at: Timestamp,
}

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// What was spent.
    Actual,
    /// What will be.
    Forecasted,
}

/// What a look at a budget leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What to remember.
    pub record: Record,
    /// What became of it, in the order it came about; never empty.
    pub reasons: Vec<Reason>,
}

/// Looks at one budget. Calling it again with what it left behind, whatever came in between twice or late, changes nothing.
pub fn plan(policy: &BudgetPolicy, record: &Record, seen: &Seen, ask: &Ask, now: Timestamp) -> Plan {
    let mut look = Look { policy, record: record.clone(), reasons: Vec::new(), now };
    let period = look.begin_period(seen);
    look.end_hold();
    look.answer(ask);
    look.count_own(seen.hourly_micros);
    match &seen.spend {
        Asked::Known(spend) => {
            look.judge(spend, period, seen.hourly_micros.is_some());
            look.move_tier(spend);
            look.hear(ask, spend, period);
        }
        Asked::Unreachable(why) => look.hear_unverified(ask, why, period),
    }
    if look.reasons.is_empty() {
        let same = Reason::Same { percent: look.record.percent(), tier: look.record.in_force(now) };
        look.reasons.push(same);
    }
    Plan { record: look.record, reasons: look.reasons }
}

/// What is in force in the last second of a period ends with it.
const SECOND: SignedDuration = SignedDuration::from_secs(1);

struct Look<'a> {
    policy: &'a BudgetPolicy,
    record: Record,
    reasons: Vec<Reason>,
    now: Timestamp,
}

impl Look<'_> {
    /// Moves on to the period of `now`, and never back: a late tick belongs to the period that is remembered.
    fn begin_period(&mut self, seen: &Seen) -> Period {
        let record = &mut self.record;
        if let Asked::Known(spend) = &seen.spend {
            record.every = spend.every;
        }
        let period = record.every.period(self.now);
        let Some(known) = record.period else {
            record.period = Some(period);
            return period;
        };
        if known == period || self.now < known.start {
            return known;
        }
        if known.end <= self.now {
            if let Some(tier) = record.in_force(known.end - SECOND) {
                self.reasons.push(Reason::Ended { period: known, tier });
            }
            let greatest = record.figure.take();
            record.former = record.last.take().or(greatest);
            (record.tier, record.doubted, record.confirmed, record.released) = (None, None, None, None);
        }
        // Otherwise the budget now counts in other steps; what it has reached is seen below.
        record.period = Some(period);
        period
    }

    fn end_hold(&mut self) {
        let Some(hold) = self.record.hold.take_if(|hold| hold.until <= self.now) else { return };
        if let Some(tier) = self.record.in_force(self.now) {
            self.reasons.push(Reason::HoldEnded { by: hold.by, until: hold.until, tier });
        }
    }

    fn answer(&mut self, ask: &Ask) {
        let (record, now) = (&mut self.record, self.now);
        let reason = match ask {
            Ask::Nothing | Ask::Notice(_) => return,
            Ask::Release { by, why } => match record.tier.filter(|_| record.in_force(now).is_some()) {
                Some(tier) => {
                    record.released = Some(Release { up_to: tier, by: by.clone() });
                    Reason::Released { by: by.clone(), why: why.clone(), tier, at: now }
                }
                None => Reason::NothingToDo { what: "no tier is in force" },
            },
            Ask::Hold { by, why, until } => {
                record.hold = Some(Hold { until: *until, by: by.clone() });
                Reason::Held { by: by.clone(), why: why.clone(), until: *until }
            }
            Ask::Resume { by } => match (record.hold.take(), record.released.take()) {
                (None, None) => Reason::NothingToDo { what: "nothing is released or held" },
                _ => Reason::Resumed { by: by.clone(), tier: record.in_force(now), at: now },
            },
            Ask::Confirm { by } => match &record.doubted {
                Some(doubted) => {
                    record.confirmed = Some(doubted.figure.clone());
                    Reason::Confirmed { by: by.clone(), figure: doubted.figure.clone() }
                }
                None => Reason::NothingToDo { what: "no figure is in doubt" },
            },
        };
        self.reasons.push(reason);
    }

    /// Adds what the tasks cost since the last look, taking for granted that they ran all that time.
    fn count_own(&mut self, hourly_micros: Option<u64>) {
        let now = self.now;
        let (first, last) = self.record.looked.unwrap_or((now, now));
        if last > now {
            return;
        }
        self.record.looked = Some((first, now));
        let seconds = u64::try_from(now.duration_since(last).as_secs()).unwrap_or_default();
        let micros = u128::from(hourly_micros.unwrap_or_default()) * u128::from(seconds) / 3600;
        let own = &mut self.record.day(day(now)).own_micros;
        *own = own.saturating_add(u64::try_from(micros).unwrap_or(u64::MAX));
    }

    /// Believes the figure, or not.
    fn judge(&mut self, spend: &Spend, period: Period, hourly: bool) {
        let reached = self.policy.tier(spend.actual.percent_of(&spend.limit)).map(|tier| tier.at_percent);
        let higher = reached > self.record.tier;
        match judge(&self.record, spend, period, higher, hourly, self.now) {
            Verdict::Former => {}
            Verdict::Doubted(doubt) => {
                let since = self.record.doubted.as_ref().map_or(self.now, |known| known.since);
                let figure = spend.actual.clone();
                if self.record.doubted.is_none() {
                    self.reasons.push(Reason::Doubted { figure: figure.clone(), doubt: doubt.clone(), since });
                }
                self.record.doubted = Some(Doubted { figure, since, doubt });
            }
            Verdict::Believed => {
                if let Some(doubted) = self.record.doubted.take()
                    && self.record.confirmed.is_none()
                {
                    self.reasons.push(Reason::Cleared { figure: spend.actual.clone(), since: doubted.since });
                }
                self.record.day(day(self.now)).figure = Some(spend.actual.clone());
                self.record.last = Some(spend.actual.clone());
                let higher =
                    self.record.figure.as_ref().is_none_or(|known| {
                        known.unit != spend.actual.unit || known.hundredths < spend.actual.hundredths
                    });
                if higher {
                    self.record.figure = Some(spend.actual.clone());
                }
            }
        }
        self.record.limit = Some(spend.limit.clone());
    }

    /// The tier follows the greatest figure of the period and today's limit: a lower figure ends nothing, a higher limit does.
    fn move_tier(&mut self, spend: &Spend) {
        let percent = self.record.percent();
        let reached = self.policy.tier(percent).map(|tier| tier.at_percent);
        let before = std::mem::replace(&mut self.record.tier, reached);
        match (before, reached) {
            (before, Some(tier)) if before < reached => {
                let held = self.record.in_force(self.now).is_none();
                self.reasons.push(Reason::Reached { tier, percent, held });
            }
            (Some(from), to) if before > reached => {
                self.reasons.push(Reason::Lowered { from, to, limit: spend.limit.clone() });
            }
            _ => {}
        }
    }

    /// A message that says what is known by now says nothing new.
    fn hear(&mut self, ask: &Ask, spend: &Spend, period: Period) {
        let Ask::Notice(notice) = ask else { return };
        let notice = notice.clone();
        let covered = notice.threshold.as_ref().is_some_and(|threshold| {
            let at = threshold.percent_of(notice.limit.as_ref().unwrap_or(&spend.limit));
            // A threshold in percent is told in dollars and cents, so a share may come out one too low.
            let begins = self.policy.tiers.iter().any(|tier| tier.at_percent.abs_diff(at) <= 1);
            begins && self.record.tier.is_some_and(|tier| tier + 1 >= at)
        });
        let told = self.reasons.iter().any(|reason| matches!(reason, Reason::Reached { .. }));
        match notice.kind {
            _ if notice.at < period.start => self.reasons.push(Reason::Late { notice }),
            NoticeKind::Forecasted => self.reasons.push(Reason::Forecast { notice }),
            NoticeKind::Actual if covered || told || self.record.doubted.is_some() => {}
            NoticeKind::Actual => self.reasons.push(Reason::Noted { notice, figure: spend.actual.clone() }),
        }
    }

    /// Nothing is done about a figure that cannot be verified.
    fn hear_unverified(&mut self, ask: &Ask, why: &str, period: Period) {
        let why = why.to_owned();
        self.reasons.push(match ask {
            Ask::Notice(notice) => match notice.kind {
                _ if notice.at < period.start => Reason::Late { notice: notice.clone() },
                NoticeKind::Forecasted => Reason::Forecast { notice: notice.clone() },
                NoticeKind::Actual => Reason::Unverified { notice: notice.clone(), why },
            },
            _ => Reason::Unreachable { why },
        });
    }
}
