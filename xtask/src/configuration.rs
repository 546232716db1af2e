//! The configuration that the functions read: fleet, alarms and budgets, from AWS AppConfig.

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};

use crate::client::Client;

/// The outputs of a root that say where the configuration is, as the calls name it.
pub const PLACE: [(&str, &str); 3] = [
    ("ConfigurationApplication", "ApplicationIdentifier"),
    ("ConfigurationEnvironment", "EnvironmentIdentifier"),
    ("ConfigurationProfile", "ConfigurationProfileIdentifier"),
];

/// The deployed configuration; `output` gives an output of the root stack.
///
/// # Errors
/// When none is deployed, or AWS does not answer.
pub fn deployed(client: &Client, output: impl Fn(&str) -> Result<String>) -> Result<Value> {
    let mut question = json!({});
    for (name, parameter) in PLACE {
        question[parameter] = output(name)?.into();
    }
    let session = client.call("appconfigdata", "start_configuration_session", question)?;
    let question = json!({"ConfigurationToken": session["InitialConfigurationToken"]});
    let answer = client.call("appconfigdata", "get_latest_configuration", question)?;
    match answer["Configuration"].as_str().unwrap_or_default() {
        "" => Err(anyhow!("AppConfig has no deployed configuration")),
        text => serde_json::from_str(text).context("read the deployed configuration"),
    }
}
