//! The function's gateways, and where its runbooks are.

use planner::alarm::{AlarmLocation, Record};
use shared::Result;
use shared::aws::{Connection, Ecs};
use shared::env::Env;
use shared::runtime::Peers;

use crate::links::{Links, runbooks_url};

/// Where runbooks are, and the gateways that the function talks to.
pub struct App {
    runbooks_url: String,
    region: String,
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
            ecs: Ecs::new(connection),
            peers: Peers::new(env, connection),
        })
    }

    /// The links for an alarm, in the region of its newest state change.
    pub(crate) fn links(&self, record: &Record) -> Links {
        let known = record.last_change.as_ref().map(|change| change.location.clone()).unwrap_or_default();
        let partition = if known.partition.is_empty() { "aws".to_owned() } else { known.partition };
        let region = if known.region.is_empty() { self.region.clone() } else { known.region };
        Links {
            runbooks: self.runbooks_url.clone(),
            home: AlarmLocation { partition: partition.clone(), region: self.region.clone() },
            alarm: AlarmLocation { partition, region },
        }
    }
}
