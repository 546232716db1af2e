//! `cargo xtask local`: the same cloud, left running to experiment with.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use serde_json::Value;

use crate::cloud::{Cloud, stack};
use crate::screen::{Paint, heading, labelled, line, table};
use crate::story::Story;
use crate::tools::Tools;

/// What to do with the local cloud.
#[derive(Debug, Subcommand)]
pub enum Local {
    /// Build, start and deploy, and leave it running
    Up,
    /// Stop it
    Down,
    /// Deliver an event to the targets of the rules that match it, or send a request; then play ECS until nothing changes any
    /// more
    Send {
        /// A file of `events/`, or any other JSON
        event: PathBuf,
    },
    /// Push an image (a manifest without layers) as `docker push` would, with its event; then play ECS until nothing changes
    /// any more
    Push {
        /// Repository and tag, such as acme/web:latest
        image: String,
        /// Distinguishes it from other images under the same tag
        #[arg(long, default_value = "pushed manually")]
        version: String,
        /// How its tasks fail; without it they run
        #[arg(long, value_parser = ["exit-1", "out-of-memory", "unhealthy", "never"])]
        outcome: Option<String>,
    },
    /// Show its endpoint and access key, and each service with its tasks and running image
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
                match addressee(&event)? {
                    Addressee::Request => drop(step.request(&event)?),
                    Addressee::Budgets => drop(step.invoke("BudgetFunction", &event, &event)?),
                    Addressee::Rules => drop(step.deliver(&event)?),
                }
                step.settle()
            })
        }
        Local::Push { image, version, outcome } => {
            let (repository, tag) = image.split_once(':').context("name a tag too, such as acme/web:latest")?;
            let cloud = Cloud::attach(&tools)?;
            Story::begin(&cloud)?.only(|step| {
                let image = step.cloud.push(repository, tag, version, outcome.as_deref())?;
                step.deliver(&step.cloud.push_event(&image))?;
                step.settle()
            })
        }
        Local::Status => status(&Cloud::attach(&tools)?),
    }
}

/// Who gets what `local send` is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Addressee {
    /// The request function, which knows the functions of every action; a schedule's input is a request too.
    Request,
    /// The one subscriber of the topic that AWS Budgets and Cost Anomaly Detection publish to.
    Budgets,
    /// The targets of every rule that matches.
    Rules,
}

fn addressee(event: &Value) -> Result<Addressee> {
    if event.get("action").is_some() {
        Ok(Addressee::Request)
    } else if event["Records"][0].get("Sns").is_some() {
        Ok(Addressee::Budgets)
    } else if event.get("source").is_some() && event.get("detail-type").is_some() {
        Ok(Addressee::Rules)
    } else {
        bail!(
            "This is neither a request (`action`), nor a message of SNS (`Records`), nor an event (`source` and `detail-type`)"
        )
    }
}

fn status(cloud: &Cloud) -> Result<()> {
    let address = &cloud.address;
    heading("The local cloud is up");
    labelled("endpoint", Paint::Cyan, &address.endpoint);
    labelled("stack", Paint::Cyan, &format!("{} in {}, account {}", stack()?, address.region, address.account));
    // One command on a line of its own, whatever the width of the screen: it is copied.
    let exported = address.variables().map(|(name, value)| format!("{name}={value}")).join(" ");
    line(&format!("\n  AWS CLI, SAM and `cargo xtask deploy`, in this shell:\n\nexport {exported}\n"));
    let configuration = cloud.configuration()?;
    let first = &configuration["fleet"]["services"][0]["images"][0];
    let repository = first["repository"].as_str().unwrap_or("<repository>");
    let tag = first["tag"]["exact"].as_str().unwrap_or("<tag>");
    labelled(
        "then",
        Paint::Cyan,
        &format!(
            "cargo xtask local push {repository}:{tag} --version 1.0\ncargo xtask local send events/request.plan.json\ncargo xtask local down"
        ),
    );
    let (mut capacities, mut releases) = (Vec::new(), Vec::new());
    for service in configuration["fleet"]["services"].as_array().into_iter().flatten() {
        let (cluster, name) =
            (service["cluster"].as_str().unwrap_or_default(), service["name"].as_str().unwrap_or_default());
        let running = cloud.running(cluster, name)?;
        let tasks = format!("{} of {}", running.digests.len(), running.desired);
        let capacity = cloud.capacity(cluster, name)?;
        let scaling = match (capacity.bounds, capacity.suspended) {
            ((min, max), Some(false)) => format!("{min} to {max}"),
            ((min, max), _) => format!("{min} to {max}, suspended"),
        };
        let name = name.to_owned();
        capacities.push(vec![name.clone(), tasks, scaling, capacity.strategy.join(" "), running.deployment.1]);
        let images = cloud.images(&running.revision)?;
        let image = images.iter().map(|image| short(image)).collect::<Vec<String>>().join(" ");
        releases.push(vec![name, running.revision, image]);
    }
    line("");
    table(&["service", "tasks", "scaling", "strategy", "deployment"], &capacities);
    // A table of their own: beside all of the above there is no room for an image.
    line("");
    table(&["service", "revision", "image"], &releases);
    Ok(())
}

/// An image without its registry, a digest by its first letters: `acme/web@f40ea3de2d6a`.
fn short(image: &str) -> String {
    let name = image.split_once('/').map_or(image, |(_, name)| name);
    match name.split_once("@sha256:") {
        Some((repository, digest)) => format!("{repository}@{}", digest.get(..12).unwrap_or(digest)),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Addressee, addressee, short};
    use crate::tools::root;

    #[test]
    fn requests_go_to_the_request_function_messages_of_budgets_to_theirs_and_events_to_the_rules() {
        for entry in std::fs::read_dir(root().join("events")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let event = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let expected = match name.split('.').next().unwrap() {
                "request" | "scheduler" => Addressee::Request,
                "sns" => Addressee::Budgets,
                _ => Addressee::Rules,
            };
            assert_eq!(addressee(&event).unwrap(), expected, "{name}");
        }
        let said = addressee(&serde_json::json!({"service": "web"})).unwrap_err().to_string();
        assert!(said.contains("neither a request"), "{said}");
    }

    #[test]
    fn an_image_is_shown_by_repository_and_tag_or_short_digest() {
        let registry = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/huskit/crawler";
        assert_eq!(short(&format!("{registry}:live")), "huskit/crawler:live");
        assert_eq!(short(&format!("{registry}@sha256:{}", "0a".repeat(32))), "huskit/crawler@0a0a0a0a0a0a");
    }
}
