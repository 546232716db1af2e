//! The function's gateways, and where its runbooks are.

use planner::alarm::{AlarmLocation, AlarmPolicy, Record};
use shared::Result;
use shared::aws::{CloudWatch, Connection, Ecs};
use shared::env::Env;
use shared::runtime::Peers;

use crate::links::{Links, runbooks_url};

/// Where runbooks are, and the gateways that the function talks to.
pub struct App {
    runbooks_url: String,
    pub(crate) region: String,
    pub(crate) cloudwatch: CloudWatch,
    pub(crate) ecs: Ecs,
    pub(crate) peers: Peers,
}

impl App {
    /// Wires the gateways; makes no call.
    ///
    /// # Errors
    /// `Invalid` when `RUNBOOKS_URL` is not set or no absolute https URL.
    pub(crate) fn wire(env: &Env<'_>, connection: &Connection) -> Result<App> {
        Ok(App {
            runbooks_url: runbooks_url(&env.required("RUNBOOKS_URL")?)?,
            region: connection.region().to_owned(),
            cloudwatch: CloudWatch::new(connection),
            ecs: Ecs::new(connection),
            peers: Peers::new(env, connection),
        })
    }

    /// The region of an alarm.
    pub(crate) fn region_of<'a>(&'a self, policy: &'a AlarmPolicy) -> &'a str {
        policy.region.as_deref().unwrap_or(&self.region)
    }

    /// The links for an alarm, in its region.
    pub(crate) fn links(&self, policy: &AlarmPolicy, record: &Record) -> Links {
        let known = record.last_change.as_ref().map(|change| change.location.partition.clone()).unwrap_or_default();
        let partition = if known.is_empty() { "aws".to_owned() } else { known };
        let region = self.region_of(policy).to_owned();
        Links {
            runbooks: self.runbooks_url.clone(),
            home: AlarmLocation { partition: partition.clone(), region: self.region.clone() },
            alarm: AlarmLocation { partition, region },
        }
    }
}
