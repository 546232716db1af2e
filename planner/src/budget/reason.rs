//! What became of a look at a budget: the sentence an operator reads, and a stable name for logs and message keys.

use std::fmt;

use jiff::Timestamp;

use super::amount::Amount;
use super::doubt::Doubt;
use super::notice::Notice;
use super::period::Period;
use crate::model::format_time;

/// What became of a look at a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing is new.
    Unchanged {
        /// Share of the limit that is spent, in percent.
        percent: u32,
        /// The tier that is in force.
        tier: Option<u32>,
    },
    /// A higher tier is reached.
    Reached {
        /// The share at which it begins.
        tier: u32,
        /// Share of the limit that is spent, in percent.
        percent: u32,
        /// Does a person hold it off?
        held: bool,
    },
    /// The limit was raised, or the tier was taken out of the policy.
    Lowered {
        /// The tier that was reached.
        from: u32,
        /// The tier that is still reached.
        to: Option<u32>,
        /// The limit.
        limit: Amount,
    },
    /// The figure cannot be true.
    Doubted {
        /// The figure.
        figure: Amount,
        /// Why.
        doubt: Doubt,
        /// Since when.
        since: Timestamp,
    },
    /// The figure can be true again.
    Cleared {
        /// The figure.
        figure: Amount,
        /// Since when it could not.
        since: Timestamp,
    },
    /// Budgets could not be asked; a message waits to be believed.
    Unverified {
        /// The message.
        notice: Notice,
        /// Why it could not be asked.
        error: String,
    },
    /// Budgets could not be asked.
    Unreachable {
        /// Why.
        error: String,
    },
    /// A message about something at which no tier begins, or that Budgets itself no longer says.
    NoTier {
        /// The message.
        notice: Notice,
        /// What Budgets says now.
        figure: Amount,
    },
    /// A forecast: said, and nothing done.
    Forecast {
        /// The message.
        notice: Notice,
    },
    /// A message about a period that is over.
    LateNotice {
        /// The message.
        notice: Notice,
    },
    /// The period is over, and with it what was in force.
    PeriodEnded {
        /// The period.
        period: Period,
        /// The highest tier that was reached.
        tier: u32,
    },
    /// A person ended what was in force.
    Released {
        /// Who.
        by: String,
        /// Why, in their words.
        reason: Option<String>,
        /// The highest tier that was ended.
        tier: u32,
        /// When.
        at: Timestamp,
    },
    /// A person keeps all tiers off for a time.
    Held {
        /// Who.
        by: String,
        /// Why, in their words.
        reason: Option<String>,
        /// Until when.
        until: Timestamp,
    },
    /// That time is over, and a tier is in force again.
    HoldEnded {
        /// Who had asked for it.
        by: String,
        /// When it ended.
        until: Timestamp,
        /// The tier.
        tier: u32,
    },
    /// A person ended a release or a hold.
    Resumed {
        /// Who.
        by: String,
        /// The tier that is in force.
        tier: Option<u32>,
        /// When.
        at: Timestamp,
    },
    /// A person said that a doubted figure is right.
    Confirmed {
        /// Who.
        by: String,
        /// The figure.
        figure: Amount,
    },
    /// A person asked for something that there is nothing to do about.
    NothingToDo {
        /// What.
        what: &'static str,
    },
}

impl Reason {
    /// Stable name for logs and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Reason::Unchanged { .. } => "unchanged",
            Reason::Reached { .. } => "reached",
            Reason::Lowered { .. } => "lowered",
            Reason::Doubted { .. } => "doubted",
            Reason::Cleared { .. } => "cleared",
            Reason::Unverified { .. } => "unverified",
            Reason::Unreachable { .. } => "unreachable",
            Reason::NoTier { .. } => "no_tier",
            Reason::Forecast { .. } => "forecast",
            Reason::LateNotice { .. } => "late_notice",
            Reason::PeriodEnded { .. } => "period_ended",
            Reason::Released { .. } => "released",
            Reason::Held { .. } => "held",
            Reason::HoldEnded { .. } => "hold_ended",
            Reason::Resumed { .. } => "resumed",
            Reason::Confirmed { .. } => "confirmed",
            Reason::NothingToDo { .. } => "nothing_to_do",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Unchanged { percent, tier: None } => {
                write!(f, "{percent} % of the limit is spent, no tier is in force")
            }
            Reason::Unchanged { percent, tier: Some(tier) } => {
                write!(f, "{percent} % of the limit is spent, the tier of {tier} % is in force")
            }
            Reason::Reached { tier, percent, held: false } => {
                write!(f, "{percent} % of the limit is spent: the tier of {tier} % begins")
            }
            Reason::Reached { tier, percent, held: true } => {
                write!(f, "{percent} % of the limit is spent; the tier of {tier} % is held off")
            }
            Reason::Lowered { from, to: None, limit } => {
                write!(f, "with a limit of {limit} the tier of {from} % is not reached, nor is another")
            }
            Reason::Lowered { from, to: Some(to), limit } => {
                write!(f, "with a limit of {limit} the tier of {from} % is not reached, that of {to} % is")
            }
            Reason::Doubted { figure, doubt, .. } => write!(f, "{figure} is not believed: {doubt}"),
            Reason::Cleared { figure, since } => {
                write!(f, "{figure} is believed; the figure since {} was not", format_time(*since))
            }
            Reason::Unverified { notice, error } => write!(f, "{notice}, and Budgets cannot be asked: {error}"),
            Reason::Unreachable { error } => write!(f, "Budgets cannot be asked: {error}"),
            Reason::NoTier { notice, figure } => write!(f, "{notice}; Budgets says {figure}, and no tier begins"),
            Reason::Forecast { notice } => write!(f, "{notice}; a forecast takes nothing away"),
            Reason::LateNotice { notice } => write!(f, "{notice}, of a period that is over"),
            Reason::PeriodEnded { period, tier } => {
                write!(f, "the period ended at {}, and with it the tier of {tier} %", format_time(period.end))
            }
            Reason::Released { by, reason, tier, .. } => {
                write!(f, "{by} ended the tiers up to {tier} % for this period{}", words(reason))
            }
            Reason::Held { by, reason, until } => {
                write!(f, "{by} keeps tiers off until {}{}", format_time(*until), words(reason))
            }
            Reason::HoldEnded { by, tier, .. } => {
                write!(f, "the time for which {by} kept tiers off is over: the tier of {tier} % begins")
            }
            Reason::Resumed { by, tier: Some(tier), .. } => write!(f, "{by} let the tier of {tier} % begin again"),
            Reason::Resumed { by, tier: None, .. } => write!(f, "{by} let tiers begin again; none is reached"),
            Reason::Confirmed { by, figure } => write!(f, "{by} says that {figure} is right"),
            Reason::NothingToDo { what } => f.write_str(what),
        }
    }
}

/// `: launch week` where somebody said why.
fn words(reason: &Option<String>) -> String {
    reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default()
}
