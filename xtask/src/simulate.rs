//! `cargo xtask simulate`: the automation against a model of AWS at its worst.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// What the simulation is given; `--help` lists it.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

/// What compiles and runs it, with these options.
pub fn command(root: &Path, options: &[&str]) -> Command {
    process::optimised(root, "simulation", options)
}

/// Compiles the simulation with optimisation, which 1,000 seeds need, and runs it here.
///
/// # Errors
/// When it cannot be compiled, or a law was broken.
pub fn run(args: &Args) -> Result<()> {
    let options: Vec<&str> = args.options.iter().map(String::as_str).collect();
    let status = command(&crate::tools::root(), &options).status().context("start cargo")?;
    if !status.success() {
        bail!("the simulation found something, or did not run: {status}");
    }
    Ok(())
}
