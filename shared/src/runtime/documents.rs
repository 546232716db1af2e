//! The sections of a configuration, and what a function reads of them.

use planner::fleet::Fleet;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{Error, Result};

/// The documents that a function decides from.
pub trait Documents: Sized {
    /// Parses and checks the sections that the function needs.
    ///
    /// # Errors
    /// `Invalid`, naming section, path, value and what was expected.
    fn parse(sections: &Sections<'_>) -> Result<Self>;

    /// Name of the system: a dimension of metrics.
    fn system(&self) -> &str;
}

impl Documents for Fleet {
    fn parse(sections: &Sections<'_>) -> Result<Fleet> {
        Fleet::parse(sections.fleet())
    }

    fn system(&self) -> &str {
        &self.system
    }
}

/// A configuration, cut into its sections and not yet parsed further: a mistake in a section is one of the functions
/// that read it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sections<'a> {
    #[serde(borrow)]
    fleet: &'a RawValue,
    #[serde(borrow)]
    alarms: &'a RawValue,
    #[serde(borrow)]
    budgets: &'a RawValue,
}

impl<'a> Sections<'a> {
    /// Finds the sections.
    ///
    /// # Errors
    /// `Invalid` when the text is no JSON object of exactly these sections.
    pub fn parse(text: &'a str) -> Result<Sections<'a>> {
        serde_json::from_str(text).map_err(|error| Error::invalid(error.to_string()))
    }

    /// Services and their policies.
    pub fn fleet(&self) -> &'a str {
        self.fleet.get()
    }

    /// Service, remedy and runbook of each alarm.
    pub fn alarms(&self) -> &'a str {
        self.alarms.get()
    }

    /// Tiers of each budget.
    pub fn budgets(&self) -> &'a str {
        self.budgets.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_parsed_by_those_who_read_it() {
        let fleet = r#"{"system": "acme", "stage": "prod", "services": []}"#;
        let text = format!(r#"{{"fleet": {fleet}, "alarms": 1, "budgets": "broken"}}"#);
        let sections = Sections::parse(&text).unwrap();
        assert_eq!(<Fleet as Documents>::parse(&sections).unwrap().system(), "acme");
        assert_eq!((sections.alarms(), sections.budgets()), ("1", "\"broken\""));
    }

    #[test]
    fn a_section_that_is_missing_or_unknown_is_named() {
        let error = |text| Sections::parse(text).unwrap_err().to_string();
        assert!(error(r#"{"fleet": {}, "alarms": {}}"#).starts_with("missing field `budgets`"));
        let unknown = error(r#"{"fleet": {}, "alarms": {}, "budgets": [], "fleets": {}}"#);
        assert!(
            unknown.starts_with("unknown field `fleets`, expected one of `fleet`, `alarms`, `budgets`"),
            "{unknown}"
        );
        assert!(error("").starts_with("EOF"), "{}", error(""));
    }
}
