//! `cargo xtask simulate`: the automation against a model of AWS at its worst, and fleets of any size.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// Measures fleets of up to 1,000 services, and writes docs/reference/scale.md; with `--size`, measures one size and prints it.
const SCALE: &str = "--scale";

/// What the simulation is given; `--help` lists it.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

/// What compiles and runs it, with these options.
pub fn command(root: &Path, options: &[&str]) -> Command {
    // Memory is counted by an allocator of its own, so that another program measures large fleets.
    let (scale, options): (Vec<&str>, Vec<&str>) = options.iter().partition(|option| **option == SCALE);
    let program = if scale.is_empty() { "simulation" } else { "scale" };
    process::optimised(root, ("simulation", program), &options)
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
