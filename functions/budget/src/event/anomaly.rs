//! Messages of AWS Cost Anomaly Detection: JSON.

use serde::Deserialize;
use serde_json::Value;

/// Something costs more than it used to.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Anomaly {
    /// Names it; later messages about the same have the same.
    pub anomaly_id: String,
    /// Where to read on.
    #[serde(default)]
    pub anomaly_details_link: Option<String>,
    /// When it began.
    #[serde(default)]
    pub anomaly_start_date: Option<String>,
    /// What the monitor watches: a service, an account.
    #[serde(default, alias = "dimensionValue")]
    pub dimensional_value: Option<String>,
    /// What it costs.
    pub impact: Impact,
    /// Where it comes from, the greatest part first.
    #[serde(default)]
    pub root_causes: Vec<RootCause>,
}

/// What an anomaly costs.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Impact {
    /// More than expected, in US dollars.
    pub total_impact: f64,
    /// What was spent.
    #[serde(default)]
    pub total_actual_spend: Option<f64>,
    /// What was expected.
    #[serde(default)]
    pub total_expected_spend: Option<f64>,
}

/// Where an anomaly comes from.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RootCause {
    /// The AWS service.
    pub service: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// What is billed.
    pub usage_type: Option<String>,
    /// The account.
    pub linked_account_name: Option<String>,
}

impl Anomaly {
    /// The anomaly that a message tells; `None` when it tells none.
    pub(super) fn parse(body: &str) -> Option<Anomaly> {
        let json: Value = serde_json::from_str(body).ok()?;
        serde_json::from_value(json).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_and_broken_numbers_and_missing_parts_are_taken() {
        let body = r#"{"accountId":"1","anomalyId":"a-1","impact":{"maxImpact":151,"totalImpact":1001},"rootCauses":[{"service":"AWS Lambda"},{}],"new":{}}"#;
        let anomaly = Anomaly::parse(body).unwrap();
        assert_eq!((anomaly.impact.total_impact, anomaly.root_causes.len()), (1001.0, 2));
        let twin = Anomaly::parse(r#"{"anomalyId":"a","dimensionValue":"x","impact":{"totalImpact":0.5}}"#).unwrap();
        assert_eq!(twin.dimensional_value.as_deref(), Some("x"));
        for body in ["", "{}", r#"{"anomalyId":"a"}"#, r#"{"anomalyId":"a","impact":{"totalImpact":1},}"#] {
            assert_eq!(Anomaly::parse(body), None, "{body}");
        }
    }
}
