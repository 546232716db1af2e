//! AWS AppConfig, reading: sessions and tokens.
//!
//! A token is good for one call; an answer is empty while nothing changed since the session's last look; a token lasts 24 hours:
//! <https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-retrieving-the-configuration.html>.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Cx;
use crate::account::Account;
use crate::wire::{Answer, Failure};

/// What is deployed, and who has seen what of it.
#[derive(Debug)]
pub struct AppConfig {
    configuration: String,
    version: u64,
    /// The version that the session of an unused token has seen last.
    tokens: BTreeMap<String, Option<u64>>,
}

impl AppConfig {
    pub(super) fn new(account: &Account) -> AppConfig {
        AppConfig { configuration: account.configuration(), version: 1, tokens: BTreeMap::new() }
    }

    /// Deploys another configuration.
    pub fn deploy(&mut self, configuration: String) {
        self.configuration = configuration;
        self.version += 1;
    }

    /// What is deployed.
    pub fn deployed(&self) -> &str {
        &self.configuration
    }

    pub(super) fn call(&mut self, operation: &str, input: &Value, cx: &mut Cx<'_>) -> Answer {
        match operation {
            "StartConfigurationSession" => {
                let token = self.token(None, cx);
                Ok(json!({ "InitialConfigurationToken": token }))
            }
            "GetLatestConfiguration" => {
                let token = input["ConfigurationToken"].as_str().unwrap_or_default();
                let Some(seen) = self.tokens.remove(token) else {
                    return Err(Failure::new("BadRequestException", "The token is not valid"));
                };
                let next = self.token(Some(self.version), cx);
                let changed = seen != Some(self.version);
                let configuration = if changed { self.configuration.as_str() } else { "" };
                Ok(json!({
                    "NextPollConfigurationToken": next, "NextPollIntervalInSeconds": 60, "Configuration": configuration,
                }))
            }
            other => panic!("the model has no appconfig:{other}"),
        }
    }

    fn token(&mut self, seen: Option<u64>, cx: &mut Cx<'_>) -> String {
        let token = cx.id();
        self.tokens.insert(token.clone(), seen);
        token
    }
}
