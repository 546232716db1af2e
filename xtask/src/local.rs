//! `cargo xtask local`: the same cloud, left running to play with.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Subcommand;
use serde_json::Value;

use crate::cloud::{Cloud, STACK};
use crate::screen::{Paint, heading, labelled, table};
use crate::story::Story;
use crate::tools::Tools;

/// What to do with the local cloud.
#[derive(Debug, Subcommand)]
pub enum Local {
    /// Build, start and deploy, and leave it running
    Up,
    /// End it
    Down,
    /// Deliver an event to whatever rule matches it, or a request to the function; then let ECS go on
    Send {
        /// A file of `events/`, or any other JSON
        event: PathBuf,
    },
    /// Push an image (a manifest without layers) as `docker push` would, with the event; then let ECS go on
    Push {
        /// Repository and tag, such as huskit/website-agent:latest
        image: String,
        /// What tells it from other images of the same name
        #[arg(long, default_value = "pushed by hand")]
        version: String,
        /// How its tasks end, if not well
        #[arg(long, value_parser = ["exit-1", "out-of-memory", "unhealthy", "never"])]
        outcome: Option<String>,
    },
    /// Say where it is and what runs there
    Status,
}

/// Does it.
///
/// # Errors
/// When there is no cloud, or it does not answer.
pub fn run(command: &Local) -> Result<()> {
    let tools = Tools::prepare()?;
    match command {
        Local::Up => {
            let cloud = Cloud::start_to_stay(&tools)?;
            status(&cloud)
        }
        Local::Down => {
            Cloud::attach(&tools)?.stop()?;
            println!("The local cloud is down.");
            Ok(())
        }
        Local::Send { event } => {
            let text = fs::read_to_string(event).with_context(|| format!("read {}", event.display()))?;
            let event: Value =
                serde_json::from_str(&text).with_context(|| format!("{} is no JSON", event.display()))?;
            let cloud = Cloud::attach(&tools)?;
            Story::begin(&cloud)?.only(|step| {
                if let Some(action) = event["action"].as_str() {
                    // `plan` and `reconcile` are understood by both; a moment is asked of capacity, which changes with it.
                    let capacity = ["wake", "sleep", "hold", "resume", "digest"].contains(&action);
                    match capacity || event.get("at").is_some() {
                        true => step.ask_schedule(&event)?,
                        false => step.ask(&event)?,
                    };
                } else {
                    step.deliver(&event)?;
                }
                step.let_ecs_go_on()
            })
        }
        Local::Push { image, version, outcome } => {
            let (repository, tag) = image.split_once(':').context("name a tag too, such as huskit/crawler:latest")?;
            let cloud = Cloud::attach(&tools)?;
            Story::begin(&cloud)?.only(|step| {
                let image = step.cloud.push(repository, tag, version, outcome.as_deref())?;
                step.deliver(&step.cloud.push_event(&image))?;
                step.let_ecs_go_on()
            })
        }
        Local::Status => status(&Cloud::attach(&tools)?),
    }
}

fn status(cloud: &Cloud) -> Result<()> {
    let address = &cloud.address;
    heading("The local cloud is up");
    labelled("endpoint", Paint::Cyan, &address.endpoint);
    labelled("stack", Paint::Cyan, &format!("{STACK} in {}, account {}", address.region, address.account));
    labelled(
        "AWS CLI",
        Paint::Cyan,
        &format!(
            "export AWS_ENDPOINT_URL={} AWS_REGION={} AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY=local",
            address.endpoint, address.region, address.account
        ),
    );
    labelled(
        "then",
        Paint::Cyan,
        "cargo xtask local push huskit/website-agent:latest --version 1.0\ncargo xtask local send events/request.plan.json\ncargo xtask local down",
    );
    let fleet: Value = serde_json::from_str(&cloud.output("Fleet")?)?;
    let mut rows = Vec::new();
    for service in fleet["services"].as_array().into_iter().flatten() {
        let (cluster, name) =
            (service["cluster"].as_str().unwrap_or_default(), service["name"].as_str().unwrap_or_default());
        let running = cloud.running(cluster, name)?;
        let tasks = format!("{} of {}", running.digests.len(), running.desired);
        let capacity = cloud.capacity(cluster, name)?;
        let scaling = match (capacity.bounds, capacity.suspended) {
            ((min, max), Some(false)) => format!("{min} to {max}"),
            ((min, max), _) => format!("{min} to {max}, suspended"),
        };
        let images = cloud.images(&running.revision)?;
        let short =
            |image: &String| image.split_once('/').map_or(image.clone(), |(_, name)| name.chars().take(48).collect());
        let image = images.iter().map(short).collect::<Vec<String>>().join(" ");
        rows.push(vec![
            name.to_owned(),
            tasks,
            scaling,
            capacity.strategy.join(" "),
            running.deployment.1,
            running.revision,
            image,
        ]);
    }
    println!();
    table(&["service", "tasks", "scaling", "strategy", "deployment", "revision", "image"], &rows);
    Ok(())
}
