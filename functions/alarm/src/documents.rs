//! The documents that the function decides from.

use planner::alarm::Alarms;
use planner::fleet::Fleet;
use shared::Result;
use shared::runtime::Documents;

/// The fleet, and what is done about which alarm.
#[derive(Clone, Debug)]
pub struct AlarmDocuments {
    /// The services.
    pub fleet: Fleet,
    /// The alarms.
    pub alarms: Alarms,
}

impl Documents for AlarmDocuments {
    const NAMES: &'static [&'static str] = &["fleet", "alarms"];

    fn parse(text: &dyn Fn(&str) -> Option<String>) -> Result<AlarmDocuments> {
        let fleet = <Fleet as Documents>::parse(text)?;
        let alarms = Alarms::parse(&text("alarms").unwrap_or_default(), &fleet)?;
        Ok(AlarmDocuments { fleet, alarms })
    }

    fn system(&self) -> &str {
        &self.fleet.system
    }
}
