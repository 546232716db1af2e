//! The function's gateways, and the account it is in.

use planner::model::Prices;
use shared::aws::{Budgets, Connection, Ecs};
use shared::env::Env;
use shared::runtime::{Context, Peers};
use shared::{Error, Result};

use crate::message;

/// Account, prices, and the gateways that the function talks to.
pub struct App {
    pub(crate) account: String,
    pub(crate) console: String,
    pub(crate) prices: Option<&'static Prices>,
    pub(crate) budgets: Budgets,
    pub(crate) ecs: Ecs,
    pub(crate) peers: Peers,
}

impl App {
    /// Wires the gateways; makes no call.
    ///
    /// # Errors
    /// `Invalid` when the topic for operations is no ARN.
    pub(crate) fn wire(context: &Context, env: &Env<'_>, connection: &Connection) -> Result<App> {
        Ok(App {
            account: account(&context.settings.operations_topic)?,
            console: message::console(connection.region()),
            prices: Prices::for_region(connection.region()),
            budgets: Budgets::new(connection),
            ecs: Ecs::new(connection),
            peers: Peers::new(env, connection),
        })
    }
}

/// The account that everything is in.
fn account(topic: &str) -> Result<String> {
    let account = topic.split(':').nth(4).filter(|account| !account.is_empty());
    account.map(str::to_owned).ok_or_else(|| Error::bad_field("OPERATIONS_TOPIC_ARN", topic, "the ARN of a topic"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_that_of_the_topic() {
        assert_eq!(account("arn:aws:sns:eu-central-1:012345678901:t").unwrap(), "012345678901");
        assert!(account("t").unwrap_err().to_string().starts_with("OPERATIONS_TOPIC_ARN: got `t`"));
    }
}
