//! `cargo xtask deploy`: a stage, from samconfig.toml to the manual steps that are left.
//!
//! # Layout
//! - [`samconfig`]: which stacks the stage has; [`template`]: what their parameters take; [`values`]: what each gets
//! - [`prerequisites`]: tools and credentials; [`stack`]: what is there; `run`: all of that, before anything is deployed
//! - `stack_order`: the order of the two stacks; [`plan`]: change sets only; [`manual_steps`]: what is left to do

pub mod manual_steps;
pub mod plan;
pub mod prerequisites;
mod run;
pub mod samconfig;
pub mod stack;
mod stack_order;
pub mod template;
pub mod values;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;

use self::run::Run;
use crate::client::Access;
use crate::screen::{elapsed, heading};
use crate::tools::{Tools, root};

/// What to deploy
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The stage: samconfig.toml has the environments STAGE-edge, STAGE-first and STAGE
    #[arg(long)]
    pub stage: String,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub plan: bool,
    /// A parameter of either stack beside those in samconfig.toml; the stack keeps it
    #[arg(long = "parameter", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
}

/// From where to where.
#[derive(Debug)]
pub struct Place {
    /// The folder with samconfig.toml and the templates.
    pub templates: PathBuf,
    /// As whom and where AWS is called.
    pub access: Access,
}

/// Deploys this repository as the environment says.
///
/// # Errors
/// With what to do next.
pub fn run(args: &Args) -> Result<()> {
    deploy(&Tools::prepare()?, &Place { templates: root(), access: Access::Environment }, args)
}

/// Deploys a stage, or shows what that would change.
///
/// # Errors
/// With what to do next.
pub fn deploy(tools: &Tools, place: &Place, args: &Args) -> Result<()> {
    let started = Instant::now();
    heading(&format!("{} of {}", if args.plan { "Plan" } else { "Deploy" }, args.stage));
    let run = Run::begin(tools, place, args)?;
    run.build()?;
    if args.plan {
        run.plan()?;
        println!(
            "\ntook {}; nothing was changed. Deploy it with: cargo xtask deploy --stage {}",
            elapsed(started),
            args.stage
        );
        return Ok(());
    }
    run.deploy()?;
    println!("\ntook {}", elapsed(started));
    Ok(())
}
