//! `cargo xtask deploy`: a stage, from samconfig.toml to what is left to a person.
//!
//! # Layout
//! - [`samconfig`]: which stacks the stage has; [`template`]: what their parameters take; [`values`]: what each gets
//! - [`ready`]: tools and credentials; [`stack`]: what is there
//! - [`plan`]: change sets only; [`next`]: what is left to do

pub mod next;
pub mod plan;
pub mod ready;
pub mod samconfig;
pub mod stack;
pub mod template;
pub mod values;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use serde_json::json;

use self::samconfig::{Environment, Parameters, Stage};
use self::stack::Stack;
use self::template::Template;
use self::values::{EDGE_REGION, Given, Values, told};
use crate::client::{Access, Client};
use crate::cloud::{folder, leave_out};
use crate::sam;
use crate::screen::{Paint, heading, labelled, phase, seconds};
use crate::tools::{Tools, root};

/// What to deploy
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The stage: samconfig.toml has the environments <stage>-edge, <stage>-first and <stage>
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
            seconds(started.elapsed()),
            args.stage
        );
        return Ok(());
    }
    run.deploy()?;
    println!("\ntook {}", seconds(started.elapsed()));
    Ok(())
}

/// One run, checked and ready.
struct Run<'a> {
    tools: &'a Tools,
    place: &'a Place,
    stage: Stage,
    edge: Side,
    main: Side,
    values: Values,
}

/// One of the two stacks.
struct Side {
    template: Template,
    client: Client,
    before: Option<Stack>,
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
        Ok(Side { template, client: Client::of(tools, &place.access, &environment.region)?, before: None })
    }
}

impl<'a> Run<'a> {
    /// Checks everything that can be known before.
    fn begin(tools: &'a Tools, place: &'a Place, args: &Args) -> Result<Run<'a>> {
        let config = place.templates.join("samconfig.toml");
        let text = fs::read_to_string(&config).with_context(|| format!("read {}", config.display()))?;
        let stage = samconfig::read(&text, &args.stage).map_err(|problems| wrong(&problems))?;
        let asked: Result<Parameters, String> = args.parameters.iter().map(|word| samconfig::pair(word)).collect();
        let asked = asked.map_err(|problem| wrong(&[format!("--parameter {problem}")]))?;
        let mut edge = Side::read(tools, place, &stage.edge)?;
        let mut main = Side::read(tools, place, &stage.main)?;
        let (account, caller) = phase("Credentials", |_| ready::identity(&main.client))?;
        labelled("account", Paint::Cyan, &format!("{account}, as {caller}"));
        if let Some(endpoint) = place.access.endpoint() {
            labelled("endpoint", Paint::Cyan, &format!("{endpoint} (AWS_ENDPOINT_URL)"));
        }
        phase("What is there", |_| {
            edge.before = stack::read(&edge.client, &stage.edge)?;
            main.before = stack::read(&main.client, &stage.main)?;
            Ok(())
        })?;
        let given = Given {
            stage: &stage,
            edge: &edge.template,
            main: &main.template,
            asked: &asked,
            edge_before: edge.before.as_ref().map(|stack| &stack.parameters),
            main_before: main.before.as_ref().map(|stack| &stack.parameters),
        };
        let values = given.values().map_err(|problems| wrong(&problems))?;
        let run = Run { tools, place, edge, main, values, stage };
        let architecture = run.architecture();
        let built_with = phase("Tools", |_| ready::tools(tools, &architecture))?;
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
        let said = |side: &Side, environment: &Environment| {
            let there = if side.before.is_some() { "is updated" } else { "is created" };
            format!("{} in {} {there}", environment.stack, environment.region)
        };
        match self.values.edge {
            Some(_) => labelled("edge", Paint::Cyan, &said(&self.edge, &self.stage.edge)),
            None => labelled("edge", Paint::Dim, "none: System is none, so there is nothing that CloudFront serves"),
        }
        labelled("main", Paint::Cyan, &said(&self.main, self.environment()));
    }

    /// The environment of the main stack: its creation has one of its own.
    fn environment(&self) -> &Environment {
        if self.main.before.is_some() { &self.stage.main } else { &self.stage.first }
    }

    fn built(&self) -> Result<PathBuf> {
        folder("deploy/build")
    }

    fn build(&self) -> Result<()> {
        let architecture = self.architecture();
        phase(&format!("sam build ({architecture}; minutes the first time, seconds later)"), |detail| {
            let parameters = Parameters::from([("Architecture".to_owned(), architecture.clone())]);
            let template = self.place.templates.join(&self.stage.main.template);
            sam::build(self.tools, &template, &self.built()?, &parameters, detail)
        })?;
        fs::copy(self.place.templates.join(&self.stage.edge.template), self.edge_template()?)
            .context("copy the edge's template")?;
        if self.place.access.endpoint().is_some() && emulated(&self.main.client) {
            leave_out(self.tools, &self.main.client, &self.main_template()?)?;
            leave_out(self.tools, &self.main.client, &self.edge_template()?)?;
        }
        Ok(())
    }

    fn main_template(&self) -> Result<PathBuf> {
        Ok(self.built()?.join("template.yaml"))
    }

    fn edge_template(&self) -> Result<PathBuf> {
        Ok(folder("deploy")?.join("edge.yaml"))
    }

    /// Deploys both, each with what the other one tells it.
    fn deploy(&self) -> Result<()> {
        let environment = self.environment();
        let mut values = self.values.main.clone();
        let mut edge = None;
        if let Some(own) = &self.values.edge {
            let home = self.main.before.as_ref().map(|stack| stack.outputs.clone()).unwrap_or_default();
            let mut own = own.clone();
            own.extend(told(&self.main.template, &home, &self.edge.template, &own));
            self.wait_for_name(&own);
            self.sam(&self.edge, &self.stage.edge, &self.edge_template()?, &own, "first")?;
            let there = self.there(&self.edge, &self.stage.edge)?;
            let passed = told(&self.edge.template, &there.outputs, &self.main.template, &values);
            say_passed(&self.stage.edge, environment, &passed);
            values.extend(passed);
            edge = Some(own);
        }
        self.sam(&self.main, environment, &self.main_template()?, &values, "")?;
        let there = self.there(&self.main, environment)?;
        if let Some(own) = edge {
            let mut again = own.clone();
            again.extend(told(&self.main.template, &there.outputs, &self.edge.template, &self.given_edge()));
            if again != own {
                let mut new = again.clone();
                new.retain(|name, value| own.get(name) != Some(value));
                say_passed(environment, &self.stage.edge, &new);
                self.sam(
                    &self.edge,
                    &self.stage.edge,
                    &self.edge_template()?,
                    &again,
                    "once more, now that there is a distribution",
                )?;
            }
        }
        let facts = next::find(&self.main.client, &there, &values, &environment.region, self.main.before.is_none())
            .context("everything is deployed; what is left to do could not be read")?;
        next::say(&facts);
        Ok(())
    }

    /// What the edge was given by people, without what the main stack told it.
    fn given_edge(&self) -> Parameters {
        self.values.edge.clone().unwrap_or_default()
    }

    /// Shows the change sets of both.
    fn plan(&self) -> Result<()> {
        let environment = self.environment();
        let mut values = self.values.main.clone();
        if let Some(own) = &self.values.edge {
            let home = self.main.before.as_ref().map(|stack| stack.outputs.clone()).unwrap_or_default();
            let mut own = own.clone();
            own.extend(told(&self.main.template, &home, &self.edge.template, &own));
            self.change_set(&self.edge, &self.stage.edge, &self.edge_template()?, &own)?;
            let there = self.edge.before.as_ref().map(|stack| stack.outputs.clone()).unwrap_or_default();
            values.extend(told(&self.edge.template, &there, &self.main.template, &values));
        }
        self.change_set(&self.main, environment, &self.main_template()?, &values)?;
        labelled(
            "",
            Paint::Dim,
            "A nested stack is shown as a whole: CloudFormation looks into it when it is deployed.",
        );
        if self.values.edge.is_some() && self.edge.before.is_none() {
            labelled("", Paint::Dim, "What the edge tells the main stack is not known before it is there.");
        }
        if self.values.edge.is_some() && self.main.before.is_none() {
            labelled(
                "",
                Paint::Dim,
                "The edge is deployed once more after the main stack, with the id of its distribution.",
            );
        }
        Ok(())
    }

    fn change_set(&self, side: &Side, environment: &Environment, template: &Path, values: &Parameters) -> Result<()> {
        let before = plan::Before::of(&side.client, &environment.stack)?;
        let made = phase(&format!("Change set of {} in {}", environment.stack, environment.region), |detail| {
            self.command(environment, template, values).run(self.tools, &self.place.access, &side.client, false, detail)
        });
        // Taken away also when sam failed after it had made one.
        let shown = before.show();
        made.and(shown)
    }

    fn sam(
        &self,
        side: &Side,
        environment: &Environment,
        template: &Path,
        values: &Parameters,
        when: &str,
    ) -> Result<()> {
        let name = format!("sam deploy: {} in {} {when}", environment.stack, environment.region);
        let deployed = phase(name.trim_end(), |detail| {
            self.command(environment, template, values).run(self.tools, &self.place.access, &side.client, true, detail)
        });
        deployed.with_context(|| {
            format!(
                "{} in {} is not deployed.\n  Put right what is said below, then run the same command again: it goes on from what is \
                 there, and says so if the stack must be deleted first.",
                environment.stack, environment.region
            )
        })
    }

    fn command<'b>(
        &self,
        environment: &'b Environment,
        template: &'b Path,
        parameters: &'b Parameters,
    ) -> sam::Deploy<'b> {
        let config = self.place.templates.join("samconfig.toml");
        let settings =
            vec!["--config-file".into(), config.into(), "--config-env".into(), environment.name.clone().into()];
        sam::Deploy { template, stack: &environment.stack, region: &environment.region, parameters, settings }
    }

    fn there(&self, side: &Side, environment: &Environment) -> Result<Stack> {
        stack::read(&side.client, environment)?.with_context(|| {
            format!("{} in {} is gone right after it was deployed", environment.stack, environment.region)
        })
    }

    /// A certificate without a hosted zone holds the deploy until somebody writes its record.
    fn wait_for_name(&self, edge: &Parameters) {
        let value = |name: &str| edge.get(name).filter(|value| !value.is_empty());
        if let (Some(domain), None) = (value("DomainName"), value("HostedZoneId")) {
            labelled(
                "waits",
                Paint::Bold,
                &format!(
                    "CloudFormation waits until the record that proves {domain} is in your DNS, if it is not there yet. It says which in: \
                     aws cloudformation describe-stack-events --region {EDGE_REGION} --stack-name {} --query \
                     'StackEvents[].ResourceStatusReason'",
                    self.stage.edge.stack
                ),
            );
        }
    }
}

fn say_passed(from: &Environment, to: &Environment, passed: &Parameters) {
    let given: Vec<&str> =
        passed.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name.as_str()).collect();
    if !given.is_empty() {
        labelled("passed on", Paint::Cyan, &format!("{} of {} to {}", given.join(", "), from.stack, to.stack));
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
