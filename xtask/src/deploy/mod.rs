//! `cargo xtask deploy`: a stage, from samconfig.toml to the manual steps that are left.
//!
//! # Layout
//! - [`samconfig`]: which stacks the stage has; [`template`]: what their parameters take; [`values`]: what each gets
//! - [`prerequisites`]: tools and credentials; [`stack`]: what is there; `run`: all of that, before anything is deployed
//! - `stack_order`: the order of the two stacks; `service_linked_role`: what ECS needs before them; [`plan`]: change sets only; [`manual_steps`]: what is left to do

mod args;
pub mod manual_steps;
pub mod plan;
pub mod prerequisites;
mod run;
pub mod samconfig;
mod service_linked_role;
pub mod stack;
mod stack_order;
pub mod template;
pub mod values;

use std::time::Instant;

use anyhow::Result;

pub use self::args::{Args, Place};
use self::run::Run;
use crate::client::Access;
use crate::screen::{elapsed, heading};
use crate::tools::{Tools, root};

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
