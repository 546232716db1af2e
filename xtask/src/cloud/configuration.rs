//! The configuration in the local cloud, read as the functions read it.

use anyhow::Result;
use serde_json::Value;

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
}
