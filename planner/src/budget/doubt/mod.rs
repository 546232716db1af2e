//! Why a figure is doubted: one file for each doubt.

mod evidence;
mod not_our_tasks;
mod times_limit;
mod times_yesterday;

use std::fmt;

use serde::{Deserialize, Serialize};

pub(super) use evidence::{Evidence, Reading};
pub use not_our_tasks::NotOurTasks;
pub use times_limit::TimesLimit;
pub use times_yesterday::TimesYesterday;

/// Makes the enum, the check and the texts of all doubts.
macro_rules! doubts {
    ($($name:ident $label:literal $doc:literal),+ $(,)?) => {
        /// Why a figure is doubted.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Doubt {
            $(#[doc = $doc] $name($name)),+
        }

        impl Doubt {
            /// The first doubt that the evidence supports, in the order of the list.
            pub(super) fn check(evidence: &Evidence<'_>) -> Option<Doubt> {
                None$(.or_else(|| $name::check(evidence).map(Doubt::$name)))+
            }

            /// Stable name for logs and message keys.
            pub fn label(&self) -> &'static str {
                match self {
                    $(Doubt::$name(_) => $label),+
                }
            }
        }

        impl fmt::Display for Doubt {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Doubt::$name(doubt) => doubt.fmt(f)),+
                }
            }
        }
    };
}

doubts! {
    TimesLimit "times_limit" "It is many times the limit.",
    TimesYesterday "times_yesterday" "It is many times yesterday's figure.",
    NotOurTasks "not_our_tasks" "The running tasks cannot have cost it.",
}
