//! Messages of AWS Cost Anomaly Detection: JSON.

use serde::Deserialize;
use serde_json::Value;

/// AWS Cost Anomaly Detection has found that something costs more than expected.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Anomaly {
    /// Its id; later messages about the same anomaly have the same.
    pub anomaly_id: String,
    /// Link to its details in the console.
    #[serde(default)]
    pub anomaly_details_link: Option<String>,
    /// When it began, as AWS writes it.
    #[serde(default)]
    pub anomaly_start_date: Option<String>,
    /// What the monitor evaluates: a service, an account.
    #[serde(default, alias = "dimensionValue")]
    pub dimensional_value: Option<String>,
    /// Its cost.
    pub impact: Impact,
    /// Its root causes, the greatest first.
    #[serde(default)]
    pub root_causes: Vec<RootCause>,
}

/// The cost of an anomaly, in US dollars.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Impact {
    /// Actual less expected spend.
    pub total_impact: f64,
    /// Spend in the time of the anomaly; AWS may leave it out.
    #[serde(default)]
    pub total_actual_spend: Option<f64>,
    /// Spend that AWS's model predicted for that time.
    #[serde(default)]
    pub total_expected_spend: Option<f64>,
}

/// A root cause of an anomaly; AWS leaves out what it does not know.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RootCause {
    /// The AWS service.
    pub service: Option<String>,
    /// Region code: `eu-central-1`.
    pub region: Option<String>,
    /// The usage type on the bill.
    pub usage_type: Option<String>,
    /// Name of the account in AWS Organizations.
    pub linked_account_name: Option<String>,
}

impl Anomaly {
    /// The anomaly in a message; `None` when it is not one.
    pub(super) fn parse(body: &str) -> Option<Anomaly> {
        let json: Value = serde_json::from_str(body).ok()?;
        serde_json::from_value(json).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_fractions_and_missing_fields_are_accepted() {
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
