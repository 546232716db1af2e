//! Why a decision is made: the sentence an operator reads, and a stable name for logs and metrics.

use std::fmt;

use jiff::Timestamp;

use super::amount::Amount;
use super::doubt::Doubt;
use super::notice::Notice;
use super::period::Period;
use crate::model::format_time;

/// Why a decision about a budget is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing has changed.
    Unchanged {
        /// Actual spend, in percent of the limit.
        percent: u32,
        /// The tier in force.
        tier: Option<u32>,
    },
    /// A higher tier is reached.
    Reached {
        /// The share at which it starts, in percent.
        tier: u32,
        /// Actual spend, in percent of the limit.
        percent: u32,
        /// Are all tiers on hold?
        held: bool,
    },
    /// The limit was raised, or the tier was removed from the policy.
    Lowered {
        /// The tier that was reached before.
        from: u32,
        /// The tier that is still reached.
        to: Option<u32>,
        /// The new limit, by AWS Budgets.
        limit: Amount,
    },
    /// The figure was corrected down, and has stayed below the tier for a day.
    Corrected {
        /// The tier that was reached before.
        from: u32,
        /// The tier that is still reached.
        to: Option<u32>,
        /// The figure, by AWS Budgets.
        figure: Amount,
    },
    /// A figure is not plausible; said again for each higher tier and each day.
    Doubted {
        /// Actual spend, as AWS Budgets returned it.
        figure: Amount,
        /// Why it is doubted.
        doubt: Doubt,
        /// Since when figures have been doubted.
        since: Timestamp,
        /// When it is said; the key of its message.
        at: Timestamp,
    },
    /// AWS Budgets has sent a notice about a figure that is doubted. Where the doubt begins with the notice, this says both.
    DoubtedNotice {
        /// What AWS Budgets has sent.
        notice: Notice,
        /// The figure that AWS Budgets returns now.
        figure: Amount,
        /// Why it is doubted.
        doubt: Doubt,
    },
    /// The figure is plausible again.
    Accepted {
        /// Actual spend, as AWS Budgets returned it.
        figure: Amount,
        /// Since when figures were doubted.
        since: Timestamp,
    },
    /// A notice could not be verified: AWS Budgets did not answer.
    Unverified {
        /// What AWS Budgets has sent, unverified.
        notice: Notice,
        /// The error of the call.
        error: String,
    },
    /// AWS Budgets did not answer.
    Unreachable {
        /// The error of the call.
        error: String,
        /// When it first did not answer.
        since: Timestamp,
        /// Is that announced? One answer that is missing means nothing.
        announced: bool,
    },
    /// No tier starts at the threshold of a notice, or AWS Budgets no longer returns its figure.
    NoTier {
        /// What AWS Budgets has sent.
        notice: Notice,
        /// The figure that AWS Budgets returns now.
        figure: Amount,
    },
    /// A forecast, which is announced and restricts nothing.
    Forecast {
        /// What AWS Budgets has sent; its kind is a forecast.
        notice: Notice,
    },
    /// A notice about a period that has ended.
    LateNotice {
        /// What AWS Budgets has sent, before the end of that period.
        notice: Notice,
    },
    /// The period has ended, and with it every restriction.
    PeriodEnded {
        /// Its start and end, at midnight UTC.
        period: Period,
        /// The highest tier that was in force.
        tier: u32,
    },
    /// An engineer has lifted the restrictions in force.
    Lifted {
        /// Who requested it.
        by: String,
        /// Why, in their words.
        reason: Option<String>,
        /// The highest tier that is lifted.
        tier: u32,
        /// When it was requested; the key of its message.
        at: Timestamp,
    },
    /// An engineer has put all tiers on hold.
    Held {
        /// Who requested it.
        by: String,
        /// Why, in their words.
        reason: Option<String>,
        /// End of the hold.
        until: Timestamp,
    },
    /// A hold has ended, and a tier takes effect.
    HoldEnded {
        /// Who had requested the hold.
        by: String,
        /// When it ended.
        until: Timestamp,
        /// The share at which it starts, in percent.
        tier: u32,
    },
    /// An engineer has ended a lift or a hold.
    Resumed {
        /// Who requested it.
        by: String,
        /// Which of them.
        ended: Ended,
        /// The tier in force.
        tier: Option<u32>,
        /// When it was requested; the key of its message.
        at: Timestamp,
    },
    /// An engineer has confirmed a doubted figure.
    Confirmed {
        /// Who requested it.
        by: String,
        /// The doubted figure, which counts from now on.
        figure: Amount,
    },
    /// A request has no effect.
    NothingToDo {
        /// Why not.
        what: &'static str,
    },
}

/// What a `resume` has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The hold of all tiers.
    Hold,
    /// The lift of restrictions.
    Lift,
    /// A lift, and a hold that was requested beside it.
    Both,
}

impl fmt::Display for Ended {
    /// What an engineer has done: `ended the hold`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ended::Hold => "ended the hold",
            Ended::Lift => "restored the lifted restrictions",
            Ended::Both => "ended the hold and restored the lifted restrictions",
        })
    }
}

impl Reason {
    /// Stable name for logs and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Reason::Unchanged { .. } => "unchanged",
            Reason::Reached { .. } => "reached",
            Reason::Lowered { .. } => "lowered",
            Reason::Corrected { .. } => "corrected",
            Reason::Doubted { .. } => "doubted",
            Reason::DoubtedNotice { .. } => "doubted_notice",
            Reason::Accepted { .. } => "accepted",
            Reason::Unverified { .. } => "unverified",
            Reason::Unreachable { .. } => "unreachable",
            Reason::NoTier { .. } => "no_tier",
            Reason::Forecast { .. } => "forecast",
            Reason::LateNotice { .. } => "late_notice",
            Reason::PeriodEnded { .. } => "period_ended",
            Reason::Lifted { .. } => "lifted",
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
            Reason::Unchanged { percent, tier: None } => write!(f, "{percent} % of the limit spent, no tier in force"),
            Reason::Unchanged { percent, tier: Some(tier) } => {
                write!(f, "{percent} % of the limit spent, {tier} % tier in force")
            }
            Reason::Reached { tier, percent, held: false } => {
                write!(f, "{percent} % of the limit spent: the {tier} % tier takes effect")
            }
            Reason::Reached { tier, percent, held: true } => {
                write!(f, "{percent} % of the limit spent: the {tier} % tier is reached, but all tiers are on hold")
            }
            Reason::Lowered { from, to: None, limit } => {
                write!(f, "the {from} % tier is no longer reached with a limit of {limit}; no tier is")
            }
            Reason::Lowered { from, to: Some(to), limit } => {
                write!(f, "the {from} % tier is no longer reached with a limit of {limit}; the {to} % tier is")
            }
            Reason::Corrected { from, to: None, figure } => {
                write!(f, "figure corrected to {figure}: the {from} % tier is no longer reached; no tier is")
            }
            Reason::Corrected { from, to: Some(to), figure } => {
                write!(f, "figure corrected to {figure}: the {from} % tier is no longer reached; the {to} % tier is")
            }
            Reason::DoubtedNotice { notice, figure, doubt } => {
                write!(f, "{notice}; AWS Budgets returns {figure}, which is doubted: {doubt}")
            }
            Reason::Doubted { figure, doubt, .. } => write!(f, "figure of {figure} doubted: {doubt}"),
            Reason::Accepted { figure, since } => {
                write!(f, "figure of {figure} accepted; figures since {} were doubted", format_time(*since))
            }
            Reason::Unverified { notice, error } => {
                write!(f, "{notice}; not verified, AWS Budgets did not answer: {error}")
            }
            Reason::Unreachable { error, since, .. } => {
                write!(f, "AWS Budgets has not answered since {}: {error}", format_time(*since))
            }
            Reason::NoTier { notice, figure } => {
                write!(f, "{notice}; AWS Budgets now returns {figure}, and no tier starts")
            }
            Reason::Forecast { notice } => write!(f, "{notice}; a forecast starts no restriction"),
            Reason::LateNotice { notice } => write!(f, "{notice}; its period has ended"),
            Reason::PeriodEnded { period, tier } => {
                write!(f, "the period ended at {}, and with it the {tier} % tier", format_time(period.end))
            }
            Reason::Lifted { by, reason, tier, .. } => {
                write!(f, "{by} has lifted the tiers up to {tier} % for this period{}", because(reason))
            }
            Reason::Held { by, reason, until } => {
                write!(f, "{by} has put all tiers on hold until {}{}", format_time(*until), because(reason))
            }
            Reason::HoldEnded { by, until, tier } => {
                write!(f, "the hold by {by} ended at {}: the {tier} % tier takes effect", format_time(*until))
            }
            Reason::Resumed { by, ended, tier: Some(tier), .. } => {
                write!(f, "{by} has {ended}: the {tier} % tier takes effect")
            }
            Reason::Resumed { by, ended, tier: None, .. } => write!(f, "{by} has {ended}: no tier is reached"),
            Reason::Confirmed { by, figure } => write!(f, "{by} has confirmed the figure of {figure}"),
            Reason::NothingToDo { what } => f.write_str(what),
        }
    }
}

/// `: launch week` where a reason was given.
fn because(reason: &Option<String>) -> String {
    reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default()
}
