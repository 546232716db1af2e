//! The functions, compiled for this machine, and the templates, built by the real `sam build`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

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

/// Compiles the functions and builds the templates into `home`; the root template there. The first time it compiles the functions
/// with their SDKs, which takes minutes.
///
/// # Errors
/// With the build's last lines.
pub fn build(tools: &Tools, home: &Path) -> Result<PathBuf> {
    let (template, output) = (tools.root().join("template.yaml"), home.join("build"));
    let architecture = architecture()?;
    let parameters = BTreeMap::from([("Architecture".to_owned(), architecture.to_owned())]);
    phase(
        &format!("Functions and templates, built for {architecture} (minutes the first time, seconds later)"),
        |detail| sam::build(tools, &template, &output, &parameters, Compiled::ForTheLocalCloud, detail),
    )?;
    Ok(output.join("template.yaml"))
}
