//! The functions of the automation, by name, and how they invoke each other.

use futures_util::future::join_all;
use serde_json::{Map, Value};

use super::actions::FUNCTIONS;
use super::request::Request;
use crate::answer;
use crate::aws::{Connection, Functions};
use crate::env::Env;
use crate::error::{Error, Kind, Result};

/// The other functions that this one may invoke.
#[derive(Debug)]
pub struct Peers {
    functions: Functions,
    /// Name and the name of its Lambda function.
    names: Vec<(&'static str, String)>,
}

impl Peers {
    /// Reads the names that the environment has, `ROLLOUT_FUNCTION` and so on; makes no call.
    pub fn new(env: &Env<'_>, connection: &Connection) -> Peers {
        let name = |function: &'static str| Some((function, env.optional(&variable(function))?));
        Peers { functions: Functions::new(connection), names: FUNCTIONS.into_iter().filter_map(name).collect() }
    }

    /// The same, where every function must be known.
    ///
    /// # Errors
    /// `Invalid` when the environment lacks a name.
    pub fn all(env: &Env<'_>, connection: &Connection) -> Result<Peers> {
        let peers = Peers::new(env, connection);
        FUNCTIONS.into_iter().try_for_each(|function| peers.name(function).map(drop))?;
        Ok(peers)
    }

    /// Hands a request to the functions that know its action, and does not wait for what they do with it.
    ///
    /// # Errors
    /// `Invalid` when the request is wrong or a function may not be invoked; else what Lambda says.
    pub async fn send(&self, request: Value) -> Result<()> {
        let action = Request::parse(request.clone())?.known()?;
        for function in action.functions {
            self.functions.invoke_async(self.name(function)?, &request).await?;
        }
        Ok(())
    }

    /// Starts one function on a service or everything, and does not wait for it.
    ///
    /// # Errors
    /// As [`Peers::send`].
    pub async fn start(&self, function: &str, request: Value) -> Result<()> {
        self.functions.invoke_async(self.name(function)?, &request).await
    }

    /// Hands a request to the functions that know its action and waits for their answers: one function's answer as it is,
    /// those of several under their names. A function that failed does not hide what the others answered: its error stands
    /// under its name.
    ///
    /// # Errors
    /// `Invalid` when the request is wrong; what the functions say when none of them answered.
    pub async fn answer(&self, request: Value) -> Result<Value> {
        refuse_event(&request)?;
        let functions = Request::parse(request.clone())?.known()?.functions;
        let request = &request;
        let each =
            functions.iter().map(|function| async move { self.functions.invoke(self.name(function)?, request).await });
        let mut answers = join_all(each).await;
        if answers.len() == 1 {
            return answers.swap_remove(0);
        }
        let named = || functions.iter().zip(&answers);
        let errors: Vec<(&str, &Error)> =
            named().filter_map(|(function, answer)| Some((*function, answer.as_ref().err()?))).collect();
        if let Some((_, first)) = errors.first().filter(|_| errors.len() == answers.len()) {
            // A mistake in the request is one to each of them.
            if errors.iter().all(|(_, error)| error.to_string() == first.to_string()) {
                return Err(first.copy());
            }
            let texts: Vec<String> = errors.iter().map(|(function, error)| format!("{function}: {error}")).collect();
            // One that really failed must not look like a mistake in the request.
            let failed = errors.iter().map(|(_, error)| error.kind()).find(|kind| *kind != Kind::Invalid);
            return Err(Error::new(failed.unwrap_or(first.kind()), texts.join("; ")));
        }
        for (function, error) in &errors {
            tracing::error!(error.kind = error.kind().label(), "{function}: {error}");
        }
        let each = |answer: &Result<Value>| answer.as_ref().map_or_else(answer::of, Value::clone);
        Ok(Value::Object(named().map(|(function, one)| ((*function).to_owned(), each(one))).collect::<Map<_, _>>()))
    }

    fn name(&self, function: &str) -> Result<&str> {
        let name = self.names.iter().find(|(known, _)| *known == function).map(|(_, name)| name.as_str());
        name.ok_or_else(|| Error::invalid(format!("{}: not set", variable(function))))
    }
}

/// Events reach the functions by rules of their own.
fn refuse_event(payload: &Value) -> Result<()> {
    let text = |field: &str| payload[field].as_str();
    let got = match (payload.get("action"), text("source"), text("detail-type")) {
        (None, Some(source), Some(kind)) => format!("an event {kind} of {source}"),
        (None, ..) if payload.get("Records").is_some() => "Records".to_owned(),
        _ => return Ok(()),
    };
    Err(Error::bad_field("request", got, "`action`, which says what is requested"))
}

fn variable(function: &str) -> String {
    format!("{}_FUNCTION", function.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::testing::{Replay, run};

    /// Peers of which each is called `acme-<function>`.
    fn peers(replay: &Replay) -> Peers {
        let name = |variable: &str| Some(format!("acme-{}", variable.strip_suffix("_FUNCTION")?.to_lowercase()));
        Peers::all(&Env::over(name), &replay.connection()).unwrap()
    }

    fn failed(kind: &str, message: &str) -> Result<Value, Value> {
        Err(json!({"errorType": kind, "errorMessage": message}))
    }

    /// The answer to a request, and the functions that were invoked with it.
    fn answer(request: Value, answers: &[Result<Value, Value>]) -> (Result<Value>, Vec<String>) {
        let replay = Replay::functions(answers);
        let answer = run(peers(&replay).answer(request.clone()));
        assert!(replay.sent().iter().all(|sent| *sent == request), "a request is handed on as it is");
        let function = |uri: &String| uri.split('/').nth_back(1).unwrap_or_default().to_owned();
        (answer, replay.uris().iter().map(function).collect())
    }

    #[test]
    fn a_request_reaches_the_function_that_knows_its_action_and_the_answer_is_that_of_the_function() {
        let report = json!({"lines": ["rolled back"]});
        for (request, function) in [
            (json!({"action": "rollback", "id": "r-1", "service": "web", "by": "anna"}), "acme-rollout"),
            (json!({"action": "hold", "service": "web", "until": "2h", "by": "anna"}), "acme-capacity"),
            (json!({"action": "hold", "budget": "monthly", "until": "2h", "by": "anna"}), "acme-budget"),
            (json!({"action": "plan", "alarm": "web-5xx"}), "acme-alarm"),
        ] {
            let (answer, invoked) = answer(request, &[Ok(report.clone())]);
            assert_eq!((answer.unwrap(), invoked), (report.clone(), vec![function.to_owned()]));
        }
        let (answer, _) = answer(
            json!({"action": "wake", "service": "wep", "until": "2h", "by": "anna"}),
            &[failed("invalid", "service: got `wep`, expected one of web")],
        );
        let error = answer.unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (Kind::Invalid, "service: got `wep`, expected one of web")
        );
    }

    #[test]
    fn several_functions_answer_under_their_names_and_a_failure_hides_no_answer() {
        let request = json!({"action": "plan", "service": "web"});
        let (answer, invoked) = answer(request, &[failed("throttled", "describe service: slow down"), Ok(json!(2))]);
        assert_eq!(invoked, ["acme-rollout", "acme-capacity"]);
        let error = json!({"error": {"kind": "throttled", "message": "describe service: slow down"}});
        assert_eq!(answer.unwrap(), json!({"rollout": error, "capacity": 2}));
    }

    #[test]
    fn what_all_functions_say_is_the_error_when_none_of_them_answers() {
        let error = |answers: [Result<Value, Value>; 2]| {
            let (answer, _) = answer(json!({"action": "plan", "service": "web"}), &answers);
            let error = answer.unwrap_err();
            (error.kind(), error.to_string())
        };
        assert_eq!(
            error([failed("denied", "AccessDeniedException: no"), failed("throttled", "slow down")]),
            (Kind::Denied, "rollout: AccessDeniedException: no; capacity: slow down".to_owned())
        );
        let refused = failed("invalid", "until: got `2`");
        assert_eq!(error([refused, failed("throttled", "slow down")]).0, Kind::Throttled, "not a mistake alone");
        let unknown = || failed("invalid", "service: got `web`, expected one of api");
        assert_eq!(
            error([unknown(), unknown()]),
            (Kind::Invalid, "service: got `web`, expected one of api".to_owned())
        );
    }

    #[test]
    fn what_is_no_request_reaches_no_function() {
        for (payload, expected) in [
            (json!({"action": "dance", "by": "anna"}), "action: got `dance`, expected one of rollback, restart, retry"),
            (json!({"action": "wake", "by": "anna", "until": "2h"}), "request `wake`: service: got `nothing`"),
            (json!({}), "action: got `nothing`, expected one of rollback, restart, retry"),
            (
                json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}),
                "request: got `an event Scheduled Event of aws.events`, expected `action`",
            ),
            (json!({"Records": [{"Sns": {}}]}), "request: got `Records`, expected `action`"),
            (json!([1]), "request: got `a list`, expected a JSON object"),
        ] {
            let (answer, invoked) = answer(payload.clone(), &[]);
            let error = answer.unwrap_err();
            assert!(error.to_string().starts_with(expected), "{payload}: {error}");
            assert_eq!((error.kind(), invoked.len()), (Kind::Invalid, 0));
        }
    }

    #[test]
    fn a_function_that_the_environment_does_not_name_is_missed_at_the_start() {
        let name = |variable: &str| (variable != "ALARM_FUNCTION").then(|| "acme".to_owned());
        let error = Peers::all(&Env::over(name), &Replay::functions(&[]).connection()).unwrap_err();
        assert_eq!(error.to_string(), "ALARM_FUNCTION: not set");
    }
}
