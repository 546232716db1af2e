//! The variables of the functions.

use serde_json::{Value, json};

use crate::invoke::{FUNCTIONS, invoke};
use crate::laws;
use crate::record::Recording;
use crate::target::{Sample, Target, Verdict, verdict, widest};

/// All variables of a function together.
const ENVIRONMENT: usize = 4096;

/// The environment of every function.
pub fn target(recording: &Recording) -> Target {
    let sample = |function: &'static str| {
        let mut value = json!(recording.variables[function]);
        value["MAX_CLOCK_SKEW_SECONDS"] = json!("120");
        Sample { name: function.to_owned(), function, invocation: widest(recording, function), value }
    };
    Target { name: "environment".to_owned(), samples: FUNCTIONS.map(sample).into(), check, cases: 60 }
}

fn check(recording: &Recording, sample: &Sample, variables: &Value) -> Verdict {
    let recorded = &recording.invocations[sample.invocation];
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    // Lambda refuses more: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
    if variables.to_string().len() > ENVIRONMENT {
        return Verdict::Refused("more than 4 KB".to_owned());
    }
    let variables =
        variables.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect();
    let tape = recording.tape(&recorded.calls);
    let observed = invoke(sample.function, &variables, tape, recorded.payload.clone(), recorded.at);
    if let Some(Err(error)) = &observed.result
        // What starts no function names its variable; calls that AWS refuses fail as well.
        && observed.sent.is_empty()
        && !error.to_string().starts_with("read configuration")
        && error.kind() == shared::Kind::Invalid
        && !laws::is_of_aws(error)
        && let Some(law) = laws::unnamed(error, &names(sample))
    {
        return Verdict::Broken(law);
    }
    verdict(&observed)
}

fn names(sample: &Sample) -> Vec<&str> {
    sample.value.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}
