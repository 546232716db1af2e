//! `cargo xtask demo`: the story, from nothing to its closing table.

use std::time::Instant;

use anyhow::{Result, ensure};

use crate::cloud::Cloud;
use crate::screen::{elapsed, heading};
use crate::story::{Story, bad_day, night, rollout};
use crate::tools::Tools;

/// Plays it.
///
/// # Errors
/// When anything did not end as expected; nothing is left running either way.
pub fn run() -> Result<()> {
    let started = Instant::now();
    heading("The real templates and functions, deployed to an emulated AWS on this machine");
    let tools = Tools::prepare()?;
    let cloud = Cloud::start(&tools)?;
    let mut story = Story::begin(&cloud)?;
    story.begin_at_noon()?;
    rollout::tell(&mut story);
    bad_day::tell(&mut story);
    night::tell(&mut story);
    let well = story.close();
    drop(cloud);
    println!("took {}; nothing is left running", elapsed(started));
    ensure!(well, "the story did not end as expected; look for NOT above");
    Ok(())
}
