//! The real `sam deploy`, to the emulator.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Address, build::architecture, folder, local};
use crate::client::Client;
use crate::process;
use crate::screen::{Paint, labelled, phase};
use crate::tools::Tools;

/// Name of the root stack; the one that samconfig.toml gives it in production.
pub const STACK: &str = "huskit-prod";
/// Where `sam deploy` puts code and templates.
const BUCKET: &str = "local-artifacts";

/// Deploys what [`super::build`] made, as a first deploy: repositories empty, services at zero.
///
/// # Errors
/// With the last lines of what failed.
pub fn deploy(tools: &Tools, client: &Client, address: &Address) -> Result<()> {
    let logs = folder("logs")?;
    let left_out = leave_out(tools, client)?;
    for (kind, why) in &left_out {
        labelled("left out", Paint::Dim, &format!("{kind}: {why}"));
    }
    phase("sam deploy", |detail| {
        client.call(
            "s3",
            "create_bucket",
            json!({
                "Bucket": BUCKET, "CreateBucketConfiguration": {"LocationConstraint": address.region}
            }),
        )?;
        let mut sam = tools.command("sam");
        sam.current_dir(local().join("build")).args(["deploy", "--template-file", "template.yaml"]);
        sam.args(["--stack-name", STACK, "--s3-bucket", BUCKET, "--region", &address.region]);
        sam.args(["--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]);
        sam.args(["--no-confirm-changeset", "--no-progressbar", "--parameter-overrides", "FirstDeploy=true"]);
        sam.arg(format!("Architecture={}", architecture()?));
        sam.env("AWS_ENDPOINT_URL", &address.endpoint).env("AWS_ACCESS_KEY_ID", &address.account);
        sam.env("AWS_SECRET_ACCESS_KEY", "local").env("AWS_REGION", &address.region);
        sam.env_remove("AWS_PROFILE").env_remove("AWS_SESSION_TOKEN").env("NO_PROXY", "127.0.0.1");
        let deployed = process::run(sam, &logs.join("sam-deploy.log"), detail).context("sam deploy");
        deployed.map_err(|error| match reasons(client) {
            reasons if reasons.is_empty() => error,
            reasons => error.context(format!("CloudFormation says: {}", reasons.join("; "))),
        })
    })
}

/// Why resources failed, in every stack: `sam` shows the root's events alone.
fn reasons(client: &Client) -> Vec<String> {
    let stacks = client.call("cloudformation", "list_stacks", json!({})).unwrap_or_default();
    let names = stacks["StackSummaries"].as_array().cloned().unwrap_or_default();
    let events = names.iter().flat_map(|stack| {
        let question = json!({"StackName": stack["StackName"]});
        let events = client.call("cloudformation", "describe_stack_events", question).unwrap_or_default();
        events["StackEvents"].as_array().cloned().unwrap_or_default()
    });
    let failed =
        events.filter(|event| event["ResourceStatus"].as_str().is_some_and(|status| status.ends_with("_FAILED")));
    failed.map(|event| format!("{}: {}", event["LogicalResourceId"], event["ResourceStatusReason"])).collect()
}

/// Takes out of the built templates what the emulator would refuse; which types, and why.
fn leave_out(tools: &Tools, client: &Client) -> Result<Vec<(String, String)>> {
    let known = client.call("local", "resource-types", json!({}))?;
    let types = local().join("resource-types.json");
    std::fs::write(&types, known["types"].to_string()).with_context(|| format!("write {}", types.display()))?;
    let mut program = tools.python("templates.py");
    let answer =
        program.arg(local().join("build/template.yaml")).arg(&types).output().context("read the built templates")?;
    anyhow::ensure!(answer.status.success(), "templates.py: {}", String::from_utf8_lossy(&answer.stderr));
    let told: Value = serde_json::from_slice(&answer.stdout).context("understand what was left out")?;
    let pairs = told.as_object().into_iter().flatten();
    Ok(pairs.map(|(kind, why)| (kind.clone(), why.as_str().unwrap_or_default().to_owned())).collect())
}
