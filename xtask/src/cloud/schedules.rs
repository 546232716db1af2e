//! EventBridge Scheduler's part: schedules as they are deployed, fired at a moment that is given.

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Cloud, Delivery};

/// What Scheduler puts a schedule's moment in the place of.
const MOMENT: &str = "<aws.scheduler.scheduled-time>";

/// A deployed schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// When it fires, as the template says it.
    pub expression: String,
    /// Name of the function that it invokes.
    pub function: String,
    /// What the function gets.
    pub input: String,
}

impl Cloud {
    /// Every schedule that is deployed and enabled.
    ///
    /// # Errors
    /// When the emulator does not answer, or a schedule's target is no function.
    pub fn schedules(&self) -> Result<Vec<Schedule>> {
        let mut schedules = Vec::new();
        let listed = self.client.call("scheduler", "list_schedules", json!({}))?;
        for one in listed["Schedules"].as_array().into_iter().flatten().filter(|one| one["State"] == "ENABLED") {
            let question = json!({"Name": one["Name"], "GroupName": one["GroupName"]});
            let schedule = self.client.call("scheduler", "get_schedule", question)?;
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (name, arn) = (text(&schedule["Name"]), text(&schedule["Target"]["Arn"]));
            let Some((_, function)) = arn.split_once(":function:") else {
                bail!("schedule {name} has the target {arn}, which is no function");
            };
            schedules.push(Schedule {
                expression: text(&schedule["ScheduleExpression"]),
                function: function.to_owned(),
                input: text(&schedule["Target"]["Input"]),
                name,
            });
        }
        Ok(schedules)
    }

    /// Fires a schedule as Scheduler would at that moment.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn fire(&self, schedule: &Schedule, at: Timestamp) -> Result<Delivery> {
        let moment = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let input = serde_json::from_str(&schedule.input.replace(MOMENT, &moment))
            .with_context(|| format!("the input of schedule {} is JSON", schedule.name))?;
        self.invoke(None, &schedule.function, &input)
    }
}
