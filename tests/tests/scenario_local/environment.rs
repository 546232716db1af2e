//! What a function gets.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use xtask::client::{Access, Address};
use xtask::tools::Tools;

/// What Lambda sets, and what the local cloud adds to it: where it is, how deep invocations are nested, the played time.
const GIVEN: [&str; 16] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "LAMBDA_TASK_ROOT",
    "LANG",
    "MAX_CLOCK_SKEW_SECONDS",
    "PATH",
    "TZ",
    "_HANDLER",
];

/// A cloud of a developer whose shell has secrets in it; what the functions of `probe.py` answer there.
fn probe() -> (Address, Value) {
    let tools = Tools::prepare().expect("the tools");
    let mut server = tools.python("server.py");
    server.env("DEVELOPER_TOKEN", "secret").env("AWS_SESSION_TOKEN", "secret").env("AWS_PROFILE", "secret");
    server.env("MINISTACK_LAMBDA_PROXY_first", "http://192.0.2.1").env("HTTP_PROXY", "http://192.0.2.1");
    let mut server = server.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address: Address = serde_json::from_str(&line).unwrap();
    let mut program = tools.command("python");
    program.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenario_local/probe.py"));
    Access::Local(address.clone()).lend(&mut program, &address.region);
    let output = program.stderr(Stdio::inherit()).output();
    server.kill().unwrap();
    server.wait().unwrap();
    let answers = serde_json::from_slice(&output.unwrap().stdout).expect("the answers of both functions");
    (address, answers)
}

#[test]
fn a_function_gets_what_lambda_and_its_template_give_it_and_takes_no_answer_of_a_page() {
    let (address, answers) = probe();
    for name in ["first", "second"] {
        let answer = &answers[name];
        let environment = answer["environment"].as_object().unwrap_or_else(|| panic!("{name}: {answer}"));
        let own = format!("OF_{}", name.to_uppercase());
        // Python makes this of a locale that it does not find, and MiniStack counts in the other.
        let expected: BTreeSet<&str> = GIVEN.into_iter().chain([own.as_str()]).collect();
        let found: BTreeSet<&str> = environment.keys().map(String::as_str).collect();
        let found: BTreeSet<&str> =
            found.into_iter().filter(|name| !["LC_CTYPE", "_MINISTACK_INVOKE_DEPTH"].contains(name)).collect();
        assert_eq!(found, expected, "{name}");
        assert!(!answer.to_string().contains("secret"), "{name}: {answer}");
        assert_eq!(environment["AWS_ACCESS_KEY_ID"], *address.access_key, "{name} may call the cloud");
        assert_eq!(answer["event"]["for"], *name);
        assert_eq!(answer["refused"], serde_json::json!([403, 403, 403, 403, 403, 403]), "{name}");
    }
}
