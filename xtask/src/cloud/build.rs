//! The functions and templates, built by the real `sam build` for this machine's architecture.

use anyhow::{Context, Result, bail};

use super::folder;
use crate::process;
use crate::screen::phase;
use crate::tools::Tools;

/// Lambda's name for this machine's architecture.
///
/// # Errors
/// On a machine that Lambda has not.
pub fn architecture() -> Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("x86_64"),
        "aarch64" => Ok("arm64"),
        other => bail!("Lambda has no {other}; the functions cannot run on this machine"),
    }
}

/// Builds into `.local/build`. The first time it compiles the functions with their SDKs in release mode, which takes minutes.
///
/// # Errors
/// With the build's last lines.
pub fn build(tools: &Tools) -> Result<()> {
    let logs = folder("logs")?;
    let output = folder("build")?;
    let architecture = architecture()?;
    phase(&format!("sam build ({architecture}; minutes the first time, seconds later)"), |detail| {
        let mut sam = tools.command("sam");
        // sam's own cache looks at the function's folder alone and would miss a change of `shared`; cargo's does not.
        sam.args(["build", "--no-cached", "--beta-features", "--template-file", "template.yaml", "--build-dir"])
            .arg(&output);
        sam.arg("--parameter-overrides").arg(format!("Architecture={architecture}"));
        process::run(sam, &logs.join("sam-build.log"), detail).context("sam build")
    })
}
