//! The real `sam build` and `sam deploy`, with CloudFormation's own words when they fail.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::{Access, Client};
use crate::folders::{folder, logs};
use crate::process;
use crate::screen::Detail;
use crate::tools::Tools;

/// One `sam deploy`.
#[derive(Debug)]
pub struct Deploy<'a> {
    /// The template, built where it has functions.
    pub template: &'a Path,
    /// Name of the stack.
    pub stack: &'a str,
    /// Where the stack is.
    pub region: &'a str,
    /// What is given for its parameters.
    pub parameters: &'a BTreeMap<String, String>,
    /// Where else sam has its settings from, as arguments.
    pub settings: Vec<OsString>,
}

/// How functions are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compiled {
    /// By `sam build`: small and fast to start, as Lambda gets them.
    ForLambda,
    /// The same code by `cargo build`, in the profile and target folder of the tests: compiled in a tenth of the time, and only once.
    ForTheLocalCloud,
}

/// A test program whose dependencies switch on what every test program has: `cargo test` then finds all dependencies compiled.
const ANY_TEST: &str = "functions";

/// Builds the functions that `template` names from the workspace, and copies it with the templates nested in it into `output`.
///
/// # Errors
/// With the build's last lines.
pub fn build(
    tools: &Tools,
    template: &Path,
    output: &Path,
    parameters: &BTreeMap<String, String>,
    compiled: Compiled,
    detail: &Detail,
) -> Result<()> {
    let copy = output.with_extension("templates");
    let template = match compiled {
        Compiled::ForLambda => template.to_owned(),
        Compiled::ForTheLocalCloud => compile(tools, template, &copy, detail)?,
    };
    let mut sam = tools.command("sam");
    // sam's own cache looks at the function's folder alone and would miss a change of `shared`; cargo's does not.
    sam.args(["build", "--no-cached", "--beta-features", "--template-file"]).arg(&template);
    // The functions' template names their sources from its own folder; a copy of the templates has none beside it.
    sam.arg("--base-dir").arg(tools.root().join("infra/automation")).arg("--build-dir").arg(output);
    sam.arg("--parameter-overrides").arg(file(&output.with_extension("parameters.yaml"), parameters)?);
    process::run(sam, &logs()?.join("sam-build.log"), detail).context("sam build")
}

/// Compiles the functions; a copy of the template that names them compiled.
fn compile(tools: &Tools, template: &Path, copy: &Path, detail: &Detail) -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    process::forget_cargo(&mut cargo);
    cargo.args(["build", "--workspace", "--exclude", "xtask", "--bins", "--test", ANY_TEST]).current_dir(tools.root());
    process::run(cargo, &logs()?.join("cargo-build.log"), detail).context("compile the functions")?;
    let template = template.canonicalize().with_context(|| format!("read {}", template.display()))?;
    let mut program = tools.python("prebuilt.py");
    program.arg(&template).arg(target(tools).join("debug")).arg(folder("functions")?).arg(copy);
    process::run(program, &logs()?.join("prebuilt.log"), detail).context("pack the functions")?;
    // Copied under their whole paths: a template may be nested by a path that leaves the folder of the root.
    Ok(copy.join(template.strip_prefix("/").unwrap_or(&template)))
}

/// Where cargo builds.
fn target(tools: &Tools) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| tools.root().join("target"), PathBuf::from)
}

impl Deploy<'_> {
    /// Deploys; or only makes a change set, when it is not to be executed.
    ///
    /// # Errors
    /// With sam's last lines, and why resources failed.
    pub fn run(&self, tools: &Tools, access: &Access, client: &Client, execute: bool, detail: &Detail) -> Result<()> {
        let started = Timestamp::now();
        let mut sam = tools.command("sam");
        sam.args(["deploy", "--no-progressbar", "--no-confirm-changeset", "--stack-name", self.stack]);
        sam.args(["--region", self.region, "--template-file"]).arg(self.template);
        let parameters = self.template.with_file_name(format!("{}.parameters.yaml", self.stack));
        sam.arg("--parameter-overrides").arg(file(&parameters, self.parameters)?);
        sam.args(&self.settings);
        if !execute {
            sam.arg("--no-execute-changeset");
        }
        // Its table of changes is drawn for a terminal; here it goes to a log.
        access.lend(sam.env("COLUMNS", "200"), self.region);
        let log = logs()?.join(format!("sam-deploy-{}.log", self.stack));
        let deployed = process::run(sam, &log, detail).with_context(|| format!("sam deploy of {}", self.stack));
        deployed.map_err(|error| match reasons(client, self.stack, started) {
            reasons if reasons.is_empty() => error,
            reasons => error.context(format!("CloudFormation says: {}", reasons.join("; "))),
        })
    }
}

/// Parameters as a file (JSON, which is YAML): no value can be taken for something else on its way, as it can on a command line.
fn file(path: &Path, parameters: &BTreeMap<String, String>) -> Result<String> {
    fs::write(path, json!(parameters).to_string()).with_context(|| format!("write {}", path.display()))?;
    Ok(format!("file://{}", path.display()))
}

/// Why resources failed since `started`, in the stack and those nested in it: `sam` shows the root's events alone.
fn reasons(client: &Client, stack: &str, started: Timestamp) -> Vec<String> {
    let stacks = client.call("cloudformation", "list_stacks", json!({})).unwrap_or_default();
    let names = stacks["StackSummaries"].as_array().cloned().unwrap_or_default().into_iter().filter(|one| {
        // Nested stacks are named after their parent.
        let name = one["StackName"].as_str().unwrap_or_default();
        name == stack || name.starts_with(&format!("{stack}-"))
    });
    let events = names.flat_map(|one| {
        let question = json!({"StackName": one["StackId"]});
        let events = client.call("cloudformation", "describe_stack_events", question).unwrap_or_default();
        events["StackEvents"].as_array().cloned().unwrap_or_default()
    });
    let failed = events.filter(|event| {
        let at = event["Timestamp"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
        // Clocks may differ by seconds.
        let recent = at.is_none_or(|at| at.as_second() >= started.as_second() - 5);
        recent && event["ResourceStatus"].as_str().is_some_and(|status| status.ends_with("_FAILED"))
    });
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    failed
        .map(|event| (text(&event["LogicalResourceId"]), text(&event["ResourceStatusReason"])))
        // What was in the way of the others, and not that they were stopped by it.
        .filter(|(_, reason)| reason != "Resource creation cancelled" && reason != "Resource update cancelled")
        .map(|(id, reason)| format!("{id}: {reason}"))
        .collect()
}
