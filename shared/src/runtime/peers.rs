//! The functions of the automation, by name, and how they ask each other.

use serde_json::Value;

use super::actions::FUNCTIONS;
use super::request::Request;
use crate::aws::{Connection, Functions};
use crate::env::Env;
use crate::error::{Error, Result};

/// The other functions that this one may ask.
#[derive(Debug)]
pub struct Peers {
    functions: Functions,
    /// Name and the name of its Lambda function.
    names: Vec<(&'static str, String)>,
}

impl Peers {
    /// Reads the names that the environment has, `ROLLOUT_FUNCTION` and so on; makes no call.
    pub fn new(env: &Env<'_>, connection: &Connection) -> Peers {
        let name = |function: &'static str| {
            let name = env.optional(&format!("{}_FUNCTION", function.to_ascii_uppercase()))?;
            Some((function, name))
        };
        Peers { functions: Functions::new(connection), names: FUNCTIONS.into_iter().filter_map(name).collect() }
    }

    /// Hands a request to the functions that know its action, and does not wait for what they do with it.
    ///
    /// # Errors
    /// `Invalid` when the request is wrong or a function may not be asked; else what Lambda says.
    pub async fn ask(&self, request: Value) -> Result<()> {
        let action = Request::parse(request.clone())?.known()?;
        for function in action.functions {
            self.functions.ask(self.name(function)?, &request).await?;
        }
        Ok(())
    }

    /// Starts one function on a service or everything, and does not wait for it.
    ///
    /// # Errors
    /// As [`Peers::ask`].
    pub async fn start(&self, function: &str, request: Value) -> Result<()> {
        self.functions.ask(self.name(function)?, &request).await
    }

    fn name(&self, function: &str) -> Result<&str> {
        let name = self.names.iter().find(|(known, _)| *known == function).map(|(_, name)| name.as_str());
        name.ok_or_else(|| Error::invalid(format!("{}_FUNCTION: not set", function.to_ascii_uppercase())))
    }
}
