//! The order of the two stacks, and what each tells the other.

use std::path::Path;

use anyhow::{Context, Result};

use super::run::{Run, Side};
use super::samconfig::Parameters;
use super::stack::{self, Stack};
use super::values::told;
use super::{next, plan};
use crate::sam;
use crate::screen::{Paint, labelled, phase};

impl Run<'_> {
    /// Deploys both, each with what the other one tells it.
    pub fn deploy(&self) -> Result<()> {
        let mut values = self.values.main.clone();
        let home = self.main.before.as_ref();
        let edge = self.edge_values(home);
        if let Some(edge) = &edge {
            self.say_wait(edge);
            self.sam(&self.edge, &self.edge_template()?, edge, "")?;
            let passed = told(&self.edge.template, &there(&self.edge)?.outputs, &self.main.template, &values);
            say_passed(&self.edge, &self.main, &passed);
            values.extend(passed);
        }
        self.sam(&self.main, &self.main_template()?, &values, "")?;
        let home = there(&self.main)?;
        let again = self.edge_values(Some(&home));
        if let (Some(before), Some(again)) = (edge, again)
            && before != again
        {
            let new = again.iter().filter(|(name, value)| before.get(*name) != Some(value));
            say_passed(&self.main, &self.edge, &new.map(|(name, value)| (name.clone(), value.clone())).collect());
            self.sam(&self.edge, &self.edge_template()?, &again, ", once more with what the main stack made")?;
        }
        let (region, first) = (&self.main.environment.region, self.main.before.is_none());
        let facts = next::find(&self.main.client, &home, &values, region, first)
            .context("everything is deployed; what is left to do could not be read")?;
        next::say(&facts);
        Ok(())
    }

    /// Shows the change sets of both.
    pub fn plan(&self) -> Result<()> {
        let mut values = self.values.main.clone();
        if let Some(edge) = self.edge_values(self.main.before.as_ref()) {
            self.change_set(&self.edge, &self.edge_template()?, &edge)?;
            let outputs = self.edge.before.as_ref().map(|stack| stack.outputs.clone()).unwrap_or_default();
            values.extend(told(&self.edge.template, &outputs, &self.main.template, &values));
        }
        self.change_set(&self.main, &self.main_template()?, &values)?;
        let mut notes = vec!["A nested stack is shown as a whole: CloudFormation looks into it when it is deployed."];
        if self.values.edge.is_some() && self.edge.before.is_none() {
            notes.push("What the edge tells the main stack is not known before it is there.");
        }
        if self.values.edge.is_some() && self.main.before.is_none() {
            notes.push("The edge is deployed once more after the main stack, with what that made for it.");
        }
        labelled("", Paint::Dim, &notes.join("\n"));
        Ok(())
    }

    /// What the edge is given, with what the main stack tells it; none when there is no edge.
    fn edge_values(&self, home: Option<&Stack>) -> Option<Parameters> {
        let mut edge = self.values.edge.clone()?;
        let outputs = home.map(|stack| stack.outputs.clone()).unwrap_or_default();
        edge.extend(told(&self.main.template, &outputs, &self.edge.template, &edge));
        Some(edge)
    }

    fn change_set(&self, side: &Side, template: &Path, values: &Parameters) -> Result<()> {
        let environment = &side.environment;
        let before = plan::Before::of(&side.client, &environment.stack)?;
        let made = phase(&format!("Change set of {} in {}", environment.stack, environment.region), |detail| {
            self.command(side, template, values).run(self.tools, &self.place.access, &side.client, false, detail)
        });
        // Taken away also when sam failed after it had made one.
        let shown = before.show();
        made.and(shown)
    }

    fn sam(&self, side: &Side, template: &Path, values: &Parameters, when: &str) -> Result<()> {
        let (stack, region) = (&side.environment.stack, &side.environment.region);
        let deployed = phase(&format!("sam deploy of {stack} in {region}{when}"), |detail| {
            self.command(side, template, values).run(self.tools, &self.place.access, &side.client, true, detail)
        });
        deployed.with_context(|| {
            format!(
                "{stack} in {region} is not deployed.\n  Put right what is said below, then run the same command again: it goes on \
                 from what is there, and says so if the stack must be deleted first."
            )
        })
    }

    fn command<'b>(&self, side: &'b Side, template: &'b Path, parameters: &'b Parameters) -> sam::Deploy<'b> {
        let environment = &side.environment;
        let config = self.place.templates.join("samconfig.toml");
        let settings =
            vec!["--config-file".into(), config.into(), "--config-env".into(), environment.name.clone().into()];
        sam::Deploy { template, stack: &environment.stack, region: &environment.region, parameters, settings }
    }

    /// A certificate without a hosted zone holds the deploy until its validation record is written.
    fn say_wait(&self, edge: &Parameters) {
        let value = |name: &str| edge.get(name).filter(|value| !value.is_empty());
        let has = self.edge.before.as_ref().and_then(|stack| stack.parameters.get("DomainName"));
        let (Some(domain), None) = (value("DomainName"), value("HostedZoneId")) else { return };
        if has != Some(domain) {
            let text = format!(
                "CloudFormation waits until the record that proves {domain} is in your DNS. It says which in: aws cloudformation \
                 describe-stack-events --region {} --stack-name {} --query 'StackEvents[].ResourceStatusReason'",
                self.edge.environment.region, self.edge.environment.stack
            );
            labelled("waits", Paint::Bold, &text);
        }
    }
}

fn there(side: &Side) -> Result<Stack> {
    let gone =
        || format!("{} in {} is gone right after it was deployed", side.environment.stack, side.environment.region);
    stack::read(&side.client, &side.environment)?.with_context(gone)
}

fn say_passed(from: &Side, to: &Side, passed: &Parameters) {
    let given: Vec<&str> =
        passed.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name.as_str()).collect();
    if !given.is_empty() {
        let (from, to) = (&from.environment.stack, &to.environment.stack);
        labelled("passed on", Paint::Cyan, &format!("{} of {from} to {to}", given.join(", ")));
    }
}
