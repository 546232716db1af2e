//! `cargo xtask fuzz`: broken input for every parser of the product.

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

/// Compiles the targets with optimisation, which makes ten cases of one, and runs them here.
///
/// # Errors
/// When they cannot be compiled, or something was found.
pub fn run(args: &Args) -> Result<()> {
    let mut cargo = Command::new("cargo");
    process::forget_cargo(&mut cargo);
    cargo.args(["run", "--quiet", "--profile", "measure", "--package", "fuzz", "--"]).args(&args.options);
    let status = cargo.current_dir(crate::tools::root()).status().context("start cargo")?;
    if !status.success() {
        bail!("the fuzz targets found something, or did not run: {status}");
    }
    Ok(())
}
