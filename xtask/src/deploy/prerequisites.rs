//! What has to be there before anything is deployed: tools, and credentials that AWS accepts.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use crate::client::{CallError, Client};
use crate::tools::Tools;

/// Checks that the functions can be built for `architecture` (Lambda's name for it); what they are built with.
///
/// # Errors
/// With what to run when a tool is missing.
pub fn tools(tools: &Tools, architecture: &str) -> Result<String> {
    let sam = version(tools, "sam", &["--version"])?;
    let lambda = version(tools, "cargo-lambda", &["lambda", "--version"])?;
    let rustc = said(Command::new("rustc").arg("--version").current_dir(tools.root()))
        .context("`rustc` does not run. Install Rust: https://rustup.rs")?;
    let target = target(architecture)?;
    let sysroot = said(Command::new("rustc").args(["--print", "sysroot"]).current_dir(tools.root()))?;
    let there = PathBuf::from(sysroot).join("lib/rustlib").join(target).join("lib").exists();
    ensure!(
        there,
        "Rust cannot build for {architecture} yet: its target {target} is not installed.\n  Run: rustup target add {target}\n  Or \
         deploy for another processor: --parameter Architecture=<x86_64 or arm64>"
    );
    Ok(format!("{sam}, {lambda}, {rustc} for {target}"))
}

fn target(architecture: &str) -> Result<&'static str> {
    match architecture {
        "arm64" => Ok("aarch64-unknown-linux-gnu"),
        "x86_64" => Ok("x86_64-unknown-linux-gnu"),
        other => bail!("Lambda has no processor {other:?}; expected arm64 or x86_64"),
    }
}

fn version(tools: &Tools, tool: &str, question: &[&str]) -> Result<String> {
    said(tools.command(tool).args(question)).with_context(|| {
        let venv = tools.root().join(".tools");
        format!("`{tool}` does not run. Make the tools again: rm -r {}, then run the same command", venv.display())
    })
}

/// The first line that a program says.
fn said(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let answer = command.stdin(Stdio::null()).output().with_context(|| format!("start {name}"))?;
    ensure!(answer.status.success(), "{name}: {}", String::from_utf8_lossy(&answer.stderr).trim());
    Ok(String::from_utf8_lossy(&answer.stdout).lines().next().unwrap_or_default().trim().to_owned())
}

/// The account, and as whom it is called.
///
/// # Errors
/// With how to sign in when AWS does not know the caller.
pub fn identity(client: &Client) -> Result<(String, String)> {
    let answer = client.call("sts", "get_caller_identity", json!({})).map_err(not_known)?;
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    Ok((text("Account"), text("Arn")))
}

fn not_known(error: CallError) -> anyhow::Error {
    let next = match error.code.as_str() {
        "NoCredentialsError" | "PartialCredentialsError" | "CredentialRetrievalError" => {
            "There are no credentials here. Sign in (`aws configure sso` once, then `aws sso login`), name the profile in AWS_PROFILE"
        }
        "ProfileNotFound" => "Name one of your profiles in AWS_PROFILE (`aws configure list-profiles`)",
        "ExpiredToken"
        | "ExpiredTokenException"
        | "SSOTokenLoadError"
        | "UnauthorizedSSOTokenError"
        | "TokenRetrievalError" => "The credentials have expired. Sign in again (`aws sso login`)",
        "InvalidClientTokenId" | "UnrecognizedClientException" | "SignatureDoesNotMatch" | "InvalidAccessKeyId" => {
            "AWS does not take these credentials. Look at AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        }
        "EndpointConnectionError" | "ConnectTimeoutError" | "ProxyConnectionError" | "ConnectionClosedError" => {
            "AWS cannot be reached from here. Look at the network, at HTTPS_PROXY and at AWS_ENDPOINT_URL"
        }
        _ => "Look at AWS_PROFILE and at what its role may do",
    };
    anyhow::Error::new(error)
        .context(format!("AWS does not say who deploys.\n  {next}, then run the same command again."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_of(code: &str) -> String {
        let error = CallError { call: "sts get_caller_identity".into(), code: code.into(), message: "no".into() };
        format!("{:#}", not_known(error))
    }

    #[test]
    fn says_how_to_sign_in() {
        for (code, expected) in [
            ("NoCredentialsError", "aws sso login"),
            ("ProfileNotFound", "AWS_PROFILE"),
            ("ExpiredToken", "Sign in again"),
            ("InvalidClientTokenId", "AWS_ACCESS_KEY_ID"),
            ("EndpointConnectionError", "AWS_ENDPOINT_URL"),
            ("AccessDenied", "what its role may do"),
        ] {
            let said_of = said_of(code);
            assert!(
                said_of.contains(expected) && said_of.contains(code) && said_of.contains("run the same command"),
                "{said_of}"
            );
        }
    }

    #[test]
    fn names_the_targets_of_both_processors() {
        assert_eq!(target("arm64").unwrap(), "aarch64-unknown-linux-gnu");
        assert_eq!(target("x86_64").unwrap(), "x86_64-unknown-linux-gnu");
        assert!(target("arm").unwrap_err().to_string().contains("expected arm64 or x86_64"));
    }
}
