//! The documents that the function decides from.

use planner::alarm::Alarms;
use planner::fleet::Fleet;
use shared::Result;
use shared::runtime::{Documents, Sections};

/// The fleet, and what is done about which alarm.
#[derive(Clone, Debug)]
pub struct AlarmDocuments {
    /// The services.
    pub fleet: Fleet,
    /// The section `alarms` of the configuration.
    pub alarms: Alarms,
}

impl Documents for AlarmDocuments {
    fn parse(sections: &Sections<'_>) -> Result<AlarmDocuments> {
        let fleet = <Fleet as Documents>::parse(sections)?;
        let alarms = Alarms::parse(sections.alarms(), &fleet)?;
        Ok(AlarmDocuments { fleet, alarms })
    }

    fn system(&self) -> &str {
        &self.fleet.system
    }
}
