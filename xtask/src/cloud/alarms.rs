//! CloudWatch's part: alarms that are in a state because of what was measured.

use anyhow::Result;
use serde_json::json;

use super::Cloud;

impl Cloud {
    /// Puts an alarm of `region` into a state as an evaluation does, with its data: the functions ask CloudWatch, and do less
    /// for a state without data. Only the region of the cloud is deployed; an alarm of another is made here.
    ///
    /// # Errors
    /// When the emulator does not answer, or the cloud's region has no such alarm.
    pub fn set_alarm(&self, region: &str, name: &str, value: &str, reason: &str) -> Result<()> {
        let service =
            if region == self.address.region { "cloudwatch".to_owned() } else { format!("cloudwatch@{region}") };
        if region != self.address.region {
            let metric = json!({
                "AlarmName": name, "Namespace": "AWS/CloudFront", "MetricName": "5xxErrorRate", "Statistic": "Average",
                "Period": 60, "EvaluationPeriods": 5, "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold",
            });
            self.client.call(&service, "put_metric_alarm", metric)?;
        }
        let data = json!({"version": "1.0", "queryDate": "2026-11-21T10:20:11.428+0000", "period": 60}).to_string();
        let state = json!({"AlarmName": name, "StateValue": value, "StateReason": reason, "StateReasonData": data});
        self.client.call(&service, "set_alarm_state", state)?;
        Ok(())
    }
}
