//! One run: everything that can be checked is, before anything is built or deployed.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use serde_json::json;

use super::args::{Args, Place};
use super::prerequisites;
use super::samconfig::{self, Environment, Parameters};
use super::stack::{self, Stack};
use super::template::Template;
use super::values::{Given, Values};
use crate::client::Client;
use crate::cloud::remove_unsupported;
use crate::folders::folder;
use crate::sam::{self, Compiled};
use crate::screen::{Paint, labelled, phase};
use crate::tools::Tools;

/// One run, checked and ready.
pub struct Run<'a> {
    pub tools: &'a Tools,
    pub place: &'a Place,
    /// None for a system without a CDN.
    pub edge: Option<Side>,
    pub main: Side,
    pub values: Values,
}

/// One of the two stacks.
pub struct Side {
    pub environment: Environment,
    pub template: Template,
    pub client: Client,
    /// What is there of it; none before its creation.
    pub before: Option<Stack>,
}

impl Side {
    fn read(tools: &Tools, place: &Place, environment: &Environment) -> Result<Side> {
        let path = place.templates.join(&environment.template);
        let text = fs::read_to_string(&path).with_context(|| {
            format!(
                "read {}, which samconfig.toml names as {}.deploy.parameters.template_file",
                path.display(),
                environment.name
            )
        })?;
        let template = Template::parse(&text).map_err(|error| anyhow!("{} is no template: {error}", path.display()))?;
        let client = Client::of(tools, &place.access, &environment.region)?;
        Ok(Side { environment: environment.clone(), template, client, before: None })
    }
}

impl<'a> Run<'a> {
    /// Checks everything that can be known before.
    pub fn begin(tools: &'a Tools, place: &'a Place, args: &Args) -> Result<Run<'a>> {
        let config = place.templates.join("samconfig.toml");
        let text = fs::read_to_string(&config).with_context(|| format!("read {}", config.display()))?;
        let stage = samconfig::read(&text, &args.stage).map_err(|problems| wrong(&problems))?;
        let asked: Result<Parameters, String> = args.parameters.iter().map(|word| samconfig::pair(word)).collect();
        let asked = asked.map_err(|problem| wrong(&[format!("--parameter {problem}")]))?;
        let mut edge = stage.edge.as_ref().map(|edge| Side::read(tools, place, edge)).transpose()?;
        let mut main = Side::read(tools, place, &stage.main)?;
        let (account, caller) = phase("Credentials", |_| prerequisites::identity(&main.client))?;
        labelled("account", Paint::Cyan, &format!("{account}, as {caller}"));
        if let Some(endpoint) = place.access.endpoint() {
            labelled("endpoint", Paint::Cyan, &format!("{endpoint} (AWS_ENDPOINT_URL)"));
        }
        phase("What is there", |_| {
            if let Some(edge) = &mut edge {
                edge.before = stack::read(&edge.client, &edge.environment)?;
            }
            main.before = stack::read(&main.client, &stage.main)?;
            Ok(())
        })?;
        let given = Given {
            stage: &stage,
            edge: edge.as_ref().map(|edge| &edge.template),
            main: &main.template,
            asked: &asked,
            edge_before: edge.as_ref().and_then(|edge| edge.before.as_ref()).map(|stack| &stack.parameters),
            main_before: main.before.as_ref().map(|stack| &stack.parameters),
        };
        let values = given.values().map_err(|problems| wrong(&problems))?;
        // The main stack's creation has an environment of its own.
        main.environment = given.environment().clone();
        let run = Run { tools, place, edge, main, values };
        let architecture = run.architecture();
        let built_with = phase("Tools", |_| prerequisites::tools(tools, &architecture))?;
        labelled("tools", Paint::Cyan, &built_with);
        run.say_stacks();
        Ok(run)
    }

    fn architecture(&self) -> String {
        let before = self.main.before.as_ref().and_then(|stack| stack.parameters.get("Architecture"));
        let default = || self.main.template.parameters.get("Architecture")?.default.clone();
        let given = self.values.main.get("Architecture").or(before).cloned();
        given.or_else(default).unwrap_or_else(|| "x86_64".to_owned())
    }

    fn say_stacks(&self) {
        let said = |side: &Side| {
            let there = if side.before.is_some() { "is updated" } else { "is created" };
            format!("{} in {} {there}", side.environment.stack, side.environment.region)
        };
        match &self.edge {
            Some(edge) => labelled("edge", Paint::Cyan, &said(edge)),
            None => labelled(
                "edge",
                Paint::Dim,
                &format!("none: samconfig.toml has no environment {}-edge", self.main.environment.name),
            ),
        }
        labelled("main", Paint::Cyan, &said(&self.main));
    }

    /// Builds the functions, and copies the templates to where they are deployed from.
    pub fn build(&self) -> Result<()> {
        let architecture = self.architecture();
        let main = self.main_template()?;
        let played = self.place.access.endpoint().is_some() && emulated(&self.main.client);
        let compiled = if played { Compiled::ForTheLocalCloud } else { Compiled::ForLambda };
        phase(&format!("sam build ({architecture}; minutes the first time, seconds later)"), |detail| {
            let parameters = Parameters::from([("Architecture".to_owned(), architecture.clone())]);
            let template = self.place.templates.join(&self.main.environment.template);
            sam::build(self.tools, &template, &folder("deploy/build")?, &parameters, compiled, detail)
        })?;
        let mut built = vec![main];
        if let Some(side) = &self.edge {
            let edge = self.edge_template()?;
            fs::copy(self.place.templates.join(&side.environment.template), &edge)
                .context("copy the edge's template")?;
            built.push(edge);
        }
        if played {
            built.iter().try_for_each(|template| remove_unsupported(self.tools, &self.main.client, template))?;
        }
        Ok(())
    }

    pub fn main_template(&self) -> Result<PathBuf> {
        Ok(folder("deploy/build")?.join("template.yaml"))
    }

    pub fn edge_template(&self) -> Result<PathBuf> {
        Ok(folder("deploy")?.join("edge.yaml"))
    }
}

/// Whether AWS is played by the emulator of this repository.
fn emulated(client: &Client) -> bool {
    client.call("local", "calls/count", json!({})).is_ok()
}

fn wrong(problems: &[String]) -> anyhow::Error {
    let lines: Vec<String> = problems.iter().map(|problem| format!("\n  - {problem}")).collect();
    anyhow!("nothing was deployed; put this right and run the same command again:{}", lines.concat())
}
