//! The functions and templates, built by the real `sam build` for this machine's architecture.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use super::folder;
use crate::sam::{self, Compiled};
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
    let output = folder("build")?;
    let architecture = architecture()?;
    let parameters = BTreeMap::from([("Architecture".to_owned(), architecture.to_owned())]);
    phase(&format!("sam build ({architecture}; minutes the first time, seconds later)"), |detail| {
        sam::build(tools, &tools.root().join("template.yaml"), &output, &parameters, Compiled::ForTheLocalCloud, detail)
    })
}
