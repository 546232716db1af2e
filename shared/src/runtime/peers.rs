//! The functions of the automation, by name, and how they ask each other.

use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::actions::FUNCTIONS;
use super::env::Env;
use super::lambda::Handler;
use super::request::Request;
use crate::aws::{Connection, Functions};
use crate::error::{Context, Error, Result};

/// The other functions that this one may ask. On its own it is the request function: every request arrives at one
/// place and reaches the functions that know its action.
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

    /// Hands a request to the functions that know its action and waits for their answers. One function's answer is
    /// returned as it is, several under their names; a function that failed does not hide the others' answers.
    ///
    /// # Errors
    /// `Invalid` when the request is wrong; the first function's error when none of them answered.
    pub async fn answer(&self, request: Value) -> Result<Value> {
        let action = Request::parse(request.clone())?.known()?;
        let each = action.functions.iter().map(|function| self.answer_of(function, &request));
        let mut answers = join_all(each).await;
        if answers.len() == 1 || answers.iter().all(Result::is_err) {
            return answers.swap_remove(0);
        }
        let named = action.functions.iter().zip(answers).map(|(function, answer)| {
            let answer = answer.unwrap_or_else(
                |error| serde_json::json!({ "error": { "kind": error.kind().label(), "message": error.to_string() } }),
            );
            ((*function).to_owned(), answer)
        });
        Ok(Value::Object(named.collect::<Map<_, _>>()))
    }

    async fn answer_of(&self, function: &str, request: &Value) -> Result<Value> {
        self.functions.call(self.name(function)?, request).await.context(|| format!("function {function}"))
    }

    fn name(&self, function: &str) -> Result<&str> {
        let name = self.names.iter().find(|(known, _)| *known == function).map(|(_, name)| name.as_str());
        name.ok_or_else(|| Error::invalid(format!("{}_FUNCTION: not set", function.to_ascii_uppercase())))
    }
}

impl Handler for Peers {
    fn start(env: &Env<'_>, connection: &Connection) -> Result<Peers> {
        let peers = Peers::new(env, connection);
        FUNCTIONS.into_iter().try_for_each(|function| peers.name(function).map(drop))?;
        Ok(peers)
    }

    async fn warm(&self) {}

    async fn handle(&self, payload: Value, _: Timestamp) -> Result<Value> {
        self.answer(payload).await
    }
}
