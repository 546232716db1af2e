//! The configuration in the local cloud: read as the functions read it, and deployed as an engineer would.

use anyhow::Result;
use serde_json::{Value, json};

use super::Cloud;
use crate::configuration;

impl Cloud {
    /// The deployed configuration: `fleet`, `alarms` and `budgets`.
    ///
    /// # Errors
    /// When none is deployed.
    pub fn configuration(&self) -> Result<Value> {
        configuration::deployed(&self.client, |name| self.output(name))
    }

    /// Makes a version of another configuration, and deploys it as the template's was.
    ///
    /// # Errors
    /// When AppConfig refuses it.
    pub fn deploy_configuration(&self, configuration: &Value) -> Result<()> {
        let (application, environment) =
            (self.output("ConfigurationApplication")?, self.output("ConfigurationEnvironment")?);
        let version = self.client.call(
            "appconfig",
            "create_hosted_configuration_version",
            json!({
                "ApplicationId": application,
                "ConfigurationProfileId": self.output("ConfigurationProfile")?,
                "ContentType": "application/json",
                "Content": configuration.to_string(),
            }),
        )?;
        let place = json!({"ApplicationId": application, "EnvironmentId": environment});
        let deployments = self.client.call("appconfig", "list_deployments", place)?;
        let number = deployments["Items"][0]["DeploymentNumber"].clone();
        let last = self.client.call(
            "appconfig",
            "get_deployment",
            json!({"ApplicationId": application, "EnvironmentId": environment, "DeploymentNumber": number}),
        )?;
        self.client.call(
            "appconfig",
            "start_deployment",
            json!({
                "ApplicationId": application,
                "EnvironmentId": environment,
                "ConfigurationProfileId": last["ConfigurationProfileId"],
                "DeploymentStrategyId": last["DeploymentStrategyId"],
                "ConfigurationVersion": version["VersionNumber"].to_string(),
            }),
        )?;
        Ok(())
    }
}
