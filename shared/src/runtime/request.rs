//! The one envelope of all requests: `{action, id?, service?|alarm?|budget?, by, reason?, at?, ...}`.

use jiff::Timestamp;
use planner::model::read_time;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::actions::{self, Action};
use super::kind::kind;
use super::target::Target;
use crate::error::{Error, Result};

/// What an engineer, a function or a schedule requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What is requested, `rollback`; one that [`actions`] lists.
    pub action: String,
    /// Names this request; the same request delivered twice has the same, and takes effect once.
    pub id: Option<String>,
    /// What it is about.
    pub target: Target,
    /// Who asks; empty for a schedule.
    pub by: String,
    /// Why, in their words.
    pub reason: Option<String>,
    /// When it was asked, or the moment that a `plan` is about.
    pub at: Option<Timestamp>,
    parameters: Map<String, Value>,
}

/// What a name becomes.
type Named = fn(String) -> Target;

/// The keys that name a target, and the target that each names.
const TARGETS: [(&str, Named); 3] =
    [("service", Target::Service), ("alarm", Target::Alarm), ("budget", Target::Budget)];

impl Request {
    /// Reads the envelope; what is left are the parameters of the action.
    ///
    /// # Errors
    /// `Invalid`, naming the field, its value and what was expected; an unknown action with all that are known.
    pub fn parse(payload: Value) -> Result<Request> {
        let Value::Object(mut fields) = payload else {
            return Err(Error::bad_field("request", kind(&payload), "a JSON object"));
        };
        let action = take_text(&mut fields, "action")?.unwrap_or_default();
        let of_action = |error: Error| error.context(format!("request `{action}`"));
        let target = take_target(&mut fields).map_err(of_action)?;
        let known = actions::find(&action, &target)?;
        let mut take = |field: &str| take_text(&mut fields, field).map_err(of_action);
        let (id, by, reason, at) = (take("id")?, take("by")?, take("reason")?, take("at")?);
        if by.is_none() && known.by_required {
            return Err(of_action(Error::bad_field("by", "nothing", "who asks")));
        }
        let at = match at {
            Some(at) => Some(read_time(&at).ok_or_else(|| {
                of_action(Error::bad_field("at", &at, "a time with offset, like 2026-12-24T23:00:00+01:00"))
            })?),
            None => None,
        };
        Ok(Request { id, target, by: by.unwrap_or_default(), reason, at, parameters: fields, action })
    }

    /// The action's entry in the table of actions.
    ///
    /// # Errors
    /// `Invalid`, with all that are known.
    pub fn known(&self) -> Result<&'static Action> {
        actions::find(&self.action, &self.target)
    }

    /// The parameters of the action, as its own type; a type that refuses unknown fields finds typing errors.
    ///
    /// # Errors
    /// `Invalid`, naming the action and the field.
    pub fn parameters<T: DeserializeOwned>(&self) -> Result<T> {
        serde_path_to_error::deserialize(Value::Object(self.parameters.clone())).map_err(|error| {
            let (path, said) = (error.path().to_string(), error.inner().to_string());
            // Many sentences name their field themselves.
            let field = match path == "." || said.contains(" field `") || said.starts_with(&path) {
                true => String::new(),
                false => format!("{path}: "),
            };
            Error::invalid(format!("request `{}`: {field}{said}", self.action))
        })
    }

    /// Is anything to be changed?
    pub fn is_plan(&self) -> bool {
        self.action == "plan"
    }

    /// The service that must be named.
    ///
    /// # Errors
    /// `Invalid` when it is not.
    pub fn service(&self) -> Result<&str> {
        match &self.target {
            Target::Service(name) => Ok(name),
            Target::Everything | Target::Alarm(_) | Target::Budget(_) => {
                let error = Error::bad_field("service", "nothing", "the name of a service");
                Err(error.context(format!("request `{}`", self.action)))
            }
        }
    }
}

/// Parameters of an action that takes none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

/// Longest text of a field, in characters: requests are kept in the history, and an item of the ledger has 400 KB.
const LONGEST: usize = 1000;

fn take_text(fields: &mut Map<String, Value>, field: &str) -> Result<Option<String>> {
    match fields.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.chars().count() > LONGEST => {
            let got = format!("{} characters", text.chars().count());
            Err(Error::bad_field(field, got, &format!("a text of at most {LONGEST} characters")))
        }
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text)),
        Some(other) => Err(Error::bad_field(field, kind(&other), "a text that is not empty")),
    }
}

fn take_target(fields: &mut Map<String, Value>) -> Result<Target> {
    let mut target = None;
    for (field, of) in TARGETS {
        let Some(name) = take_text(fields, field)? else { continue };
        if target.is_some() {
            return Err(Error::bad_field(field, name, "only one of service, alarm and budget"));
        }
        target = Some(of(name));
    }
    Ok(target.unwrap_or(Target::Everything))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_the_envelope_and_leaves_the_parameters() {
        let request = json!({"action": "freeze", "id": "r-1", "by": "anna", "until": "2h", "reason": "launch", "at": "2026-11-21T10:00:00Z"});
        let request = Request::parse(request).unwrap();
        assert_eq!(
            (request.action.as_str(), request.id.as_deref(), request.by.as_str()),
            ("freeze", Some("r-1"), "anna")
        );
        assert_eq!((&request.target, request.reason.as_deref()), (&Target::Everything, Some("launch")));
        assert_eq!(request.parameters::<Value>().unwrap(), json!({"until": "2h"}));
        assert!(request.parameters::<NoParameters>().unwrap_err().to_string().contains("unknown field `until`"));
    }

    #[test]
    fn a_parameter_of_another_type_is_named() {
        #[derive(Debug, serde::Deserialize)]
        struct Until {
            #[allow(dead_code)]
            until: planner::model::Span,
        }
        let error = |until: Value| {
            let request = Request::parse(json!({"action": "freeze", "by": "anna", "until": until})).unwrap();
            request.parameters::<Until>().unwrap_err().to_string()
        };
        assert_eq!(error(json!(3)), "request `freeze`: until: invalid type: integer `3`, expected a string");
        assert!(error(json!("soon")).starts_with("request `freeze`: until: got `soon`"), "{}", error(json!("soon")));
        let missing =
            Request::parse(json!({"action": "freeze", "by": "anna"})).unwrap().parameters::<Until>().unwrap_err();
        assert_eq!(missing.to_string(), "request `freeze`: missing field `until`");
    }

    #[test]
    fn bad_input_is_named_by_field_value_and_expectation() {
        for (payload, expected) in [
            (json!({"action": "dance", "by": "anna"}), "action: got `dance`, expected one of rollback, restart"),
            (
                json!({"action": "rollback", "service": "web"}),
                "request `rollback`: by: got `nothing`, expected who asks",
            ),
            (json!({"action": "rollback", "by": "anna"}), "request `rollback`: service: got `nothing`"),
            (json!({"action": "wake", "service": 3, "by": "anna"}), "service: got `a number`, expected a text"),
            (json!({"action": "plan", "at": "soon"}), "request `plan`: at: got `soon`, expected a time with offset"),
            (json!({"action": "plan", "at": "9999-12-30T22:00:00Z"}), "request `plan`: at: got `9999-12-30T22:00:00Z`"),
            (
                json!({"action": "plan", "service": "web", "budget": "b"}),
                "budget: got `b`, expected only one of service, alarm and budget",
            ),
            (json!({"action": "hold", "by": "anna"}), "request `hold`: service or budget: got `nothing`"),
        ] {
            let error = Request::parse(payload.clone()).unwrap_err().to_string();
            assert!(error.contains(expected), "{payload}: {error}\nlacks\n{expected}");
        }
    }
}
