//! `cargo xtask fuzz`: broken input for every parser of the product.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// What the fuzz targets are given; `--help` lists it.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

/// What compiles and runs them, with these options.
pub fn command(root: &Path, options: &[&str]) -> Command {
    process::optimised(root, ("fuzz", "fuzz"), options)
}

/// Compiles the targets with optimisation, which makes ten cases of one, and runs them here.
///
/// # Errors
/// When they cannot be compiled, or something was found.
pub fn run(args: &Args) -> Result<()> {
    let options: Vec<&str> = args.options.iter().map(String::as_str).collect();
    let status = command(&crate::tools::root(), &options).status().context("start cargo")?;
    if !status.success() {
        bail!("the fuzz targets found something, or did not run: {status}");
    }
    Ok(())
}
