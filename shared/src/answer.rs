//! How a function answers a request that has a mistake.
//!
//! The person who sent the request reads the answer and corrects it, so the function has not failed: Lambda counts no error,
//! and no alarm is raised. A request that no one waits for fails as anything else does, and ends in the dead-letter queue.

use serde_json::{Value, json};

use crate::error::{Error, Kind};

/// Key in the client context of an invocation whose caller reads the answer. Lambda passes the client context on in
/// synchronous invocations only: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.
pub const IS_READ: &str = "answer_is_read";

/// `{"error": {"kind": "invalid", "message": "service: got `wep`, expected one of web"}}`.
pub fn of(error: &Error) -> Value {
    json!({"error": {"kind": error.kind().label(), "message": error.to_string()}})
}

/// The error that an answer has instead of a report.
pub fn error(answer: &Value) -> Option<Error> {
    let text = |field: &str| answer["error"][field].as_str();
    Some(Error::new(Kind::labelled(text("kind")?)?, text("message")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_read_from_its_answer_and_from_no_other() {
        let answer = of(&Error::new(Kind::Throttled, "slow down").context("describe service"));
        assert_eq!(answer, json!({"error": {"kind": "throttled", "message": "describe service: slow down"}}));
        let read = error(&answer).unwrap();
        assert_eq!((read.kind(), read.to_string().as_str()), (Kind::Throttled, "describe service: slow down"));
        for other in [json!({"decisions": []}), json!({"ignored": "a digest"}), json!({"error": "text"}), json!(null)] {
            assert!(error(&other).is_none(), "{other}");
        }
    }
}
