//! The order of the two stacks, and what each passes to the other.

use std::path::Path;

use anyhow::{Context, Result};

use super::run::{Run, Side};
use super::samconfig::Parameters;
use super::stack::{self, Stack};
use super::values::passed;
use super::{manual_steps, plan, service_linked_role};
use crate::sam;
use crate::screen::{Paint, labelled, phase};

impl Run<'_> {
    /// Deploys both, each with what the other one passes to it.
    pub fn deploy(&self) -> Result<()> {
        let mut values = self.values.main.clone();
        let edge = self.edge_side(self.main.before.as_ref());
        if self.main.before.is_none() {
            labelled("role", Paint::Cyan, &service_linked_role::create(&self.main.client));
        }
        if let Some((side, edge)) = &edge {
            self.say_wait(side, edge);
            self.sam(side, &self.edge_template()?, edge, "")?;
            let passed = passed(&side.template, &there(side)?.outputs, &self.main.template, &values);
            say_passed(side, &self.main, &passed);
            values.extend(passed);
        }
        self.sam(&self.main, &self.main_template()?, &values, "")?;
        let home = there(&self.main)?;
        if let (Some((_, before)), Some((side, again))) = (edge, self.edge_side(Some(&home)))
            && before != again
        {
            let new = again.iter().filter(|(name, value)| before.get(*name) != Some(value));
            say_passed(&self.main, side, &new.map(|(name, value)| (name.clone(), value.clone())).collect());
            self.sam(side, &self.edge_template()?, &again, ", once more with outputs of the main stack")?;
        }
        let (region, first) = (&self.main.environment.region, self.main.before.is_none());
        let facts = manual_steps::find(&self.main.client, &home, &values, region, first)
            .context("everything is deployed; what is left to do could not be read")?;
        manual_steps::say(&facts);
        Ok(())
    }

    /// Shows the change sets of both.
    pub fn plan(&self) -> Result<()> {
        let mut values = self.values.main.clone();
        let edge = self.edge_side(self.main.before.as_ref());
        if let Some((side, edge)) = &edge {
            self.change_set(side, &self.edge_template()?, edge)?;
            let outputs = side.before.as_ref().map(|stack| stack.outputs.clone()).unwrap_or_default();
            values.extend(passed(&side.template, &outputs, &self.main.template, &values));
        }
        self.change_set(&self.main, &self.main_template()?, &values)?;
        let mut notes = vec!["A nested stack is shown as a whole: CloudFormation looks into it when it is deployed."];
        if edge.as_ref().is_some_and(|(side, _)| side.before.is_none()) {
            notes.push("The outputs of the edge stack are not known before it is created.");
        }
        if edge.is_some() && self.main.before.is_none() {
            notes.push("The edge stack is deployed once more after the main stack, with outputs of that.");
        }
        labelled("", Paint::Dim, &notes.join("\n"));
        Ok(())
    }

    /// The edge and what it is given, with what the main stack passes to it; none when there is no edge.
    fn edge_side(&self, home: Option<&Stack>) -> Option<(&Side, Parameters)> {
        let (side, mut edge) = (self.edge.as_ref()?, self.values.edge.clone()?);
        let outputs = home.map(|stack| stack.outputs.clone()).unwrap_or_default();
        edge.extend(passed(&self.main.template, &outputs, &side.template, &edge));
        Some((side, edge))
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
    fn say_wait(&self, side: &Side, edge: &Parameters) {
        let value = |name: &str| edge.get(name).filter(|value| !value.is_empty());
        let has = side.before.as_ref().and_then(|stack| stack.parameters.get("DomainName"));
        let (Some(domain), None) = (value("DomainName"), value("HostedZoneId")) else { return };
        if has != Some(domain) {
            let text = format!(
                "CloudFormation waits until the record that proves {domain} is in your DNS. It says which in: aws cloudformation \
                 describe-stack-events --region {} --stack-name {} --query 'StackEvents[].ResourceStatusReason'",
                side.environment.region, side.environment.stack
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
