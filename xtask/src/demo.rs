//! `cargo xtask demo`: the story, from an empty cloud to its closing line.

use std::time::Instant;

use anyhow::{Result, ensure};

use crate::cloud::Cloud;
use crate::folders::local;
use crate::screen::{elapsed, heading, keep, line};
use crate::story::{Story, downtime, incidents, rollout};
use crate::tools::Tools;

/// How much of the story is shown.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show every event, decision, effect, check and message in full, as the file has them
    #[arg(long)]
    verbose: bool,
}

/// Plays it.
///
/// # Errors
/// When a check failed or a step broke off; nothing is left running either way.
pub fn run(args: &Args) -> Result<()> {
    let started = Instant::now();
    let file = local().join("demo.log");
    keep(&file, !args.verbose)?;
    heading("The real templates and functions, deployed to an emulated AWS on this machine");
    let tools = Tools::prepare()?;
    let cloud = Cloud::start(&tools)?;
    line("");
    let mut story = Story::begin(&cloud)?;
    story.begin_at_noon()?;
    rollout::play(&mut story);
    incidents::play(&mut story);
    downtime::play(&mut story);
    let passed = story.close();
    drop(cloud);
    line(&format!("took {}; nothing is left running", elapsed(started)));
    line(&format!("every event, decision, check and message in full: {}", file.display()));
    ensure!(passed, "the story did not end as expected; look for FAILED above, and in the file for what led to it");
    Ok(())
}
