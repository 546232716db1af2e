//! The documents that the function decides from.

use std::collections::BTreeSet;

use planner::fleet::Fleet;
use serde::Deserialize;
use shared::Result;
use shared::runtime::{Documents, Sections};

/// The fleet, and which alarms and budgets there are: the digest reports no others.
#[derive(Clone, Debug)]
pub struct CapacityDocuments {
    /// The services.
    pub fleet: Fleet,
    /// Names of the alarms; `None` when their section has a mistake, which the alarm function refuses.
    pub alarms: Option<BTreeSet<String>>,
    /// Names of the budgets; likewise.
    pub budgets: Option<BTreeSet<String>>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Alarms {
    #[serde(default)]
    alarms: Vec<Named>,
}

impl Documents for CapacityDocuments {
    fn parse(sections: &Sections<'_>) -> Result<CapacityDocuments> {
        let names = |named: Vec<Named>| named.into_iter().map(|named| named.name).collect();
        Ok(CapacityDocuments {
            fleet: <Fleet as Documents>::parse(sections)?,
            alarms: serde_json::from_str(sections.alarms()).ok().map(|section: Alarms| names(section.alarms)),
            budgets: serde_json::from_str(sections.budgets()).ok().map(names),
        })
    }

    fn system(&self) -> &str {
        &self.fleet.system
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_and_budgets_are_known_by_name_and_a_mistake_among_them_hinders_no_capacity() {
        let fleet = r#"{"system":"acme","stage":"prod","services":[]}"#;
        let parse = |alarms: &str| {
            let text = format!(r#"{{"fleet":{fleet},"alarms":{alarms},"budgets":[{{"name":"monthly","tiers":[]}}]}}"#);
            CapacityDocuments::parse(&Sections::parse(&text).unwrap()).unwrap()
        };
        let known = parse(r#"{"alarms":[{"name":"team/errors","runbook":"r.md"}]}"#);
        assert_eq!(known.alarms, Some(BTreeSet::from(["team/errors".to_owned()])));
        assert_eq!(known.budgets, Some(BTreeSet::from(["monthly".to_owned()])));
        assert_eq!(parse(r#"{"alarms":[{"nam":"errors"}]}"#).alarms, None);
    }
}
