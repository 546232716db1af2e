//! The monitoring of HuskIT: every alarm of the plans, and scaling.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::huskit;
use tests::resolve::Deployed;
use tests::template::text;

fn monitoring() -> Deployed {
    huskit::part("monitoring", &[])
}

/// Alarm, namespace, metric, statistic, seconds and how often, comparison, threshold.
type Row = (&'static str, &'static str, &'static str, &'static str, u64, u64, &'static str, f64);

const MORE: &str = "GreaterThanThreshold";
const LESS: &str = "LessThanThreshold";

const ALARMS: &[Row] = &[
    ("WebsiteAgentErrorAlarm", "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", 60, 5, MORE, 10.0),
    ("WebsiteAgentLatencyAlarm", "AWS/ApplicationELB", "TargetResponseTime", "p95", 60, 5, MORE, 2.0),
    ("WebsiteAgentUnhealthyAlarm", "AWS/ApplicationELB", "HealthyHostCount", "Minimum", 60, 5, LESS, 2.0),
    ("WebsiteAgentCpuAlarm", "AWS/ECS", "CPUUtilization", "Average", 60, 10, MORE, 80.0),
    ("WebsiteAgentMemoryAlarm", "AWS/ECS", "MemoryUtilization", "Average", 60, 5, MORE, 85.0),
    ("CrawlerCpuAlarm", "AWS/ECS", "CPUUtilization", "Average", 60, 5, MORE, 70.0),
    ("CrawlerMemoryAlarm", "AWS/ECS", "MemoryUtilization", "Average", 60, 5, MORE, 85.0),
    ("CrawlerUnhealthyAlarm", "ECS/ContainerInsights", "RunningTaskCount", "Minimum", 60, 5, LESS, 1.0),
];

/// The metric that an alarm is about: its own, or the last one that its expression is made of.
fn watched(alarm: &Value) -> (String, String, String, u64) {
    let seconds = |period: &Value| period.as_u64().unwrap_or_default();
    match alarm["Metrics"].as_array().and_then(|metrics| metrics.last()) {
        None => {
            // p95 is no statistic but an extended one.
            let statistic = alarm.get("ExtendedStatistic").unwrap_or(&alarm["Statistic"]);
            (text(&alarm["Namespace"]), text(&alarm["MetricName"]), text(statistic), seconds(&alarm["Period"]))
        }
        Some(last) => {
            let stat = &last["MetricStat"];
            let metric = &stat["Metric"];
            (text(&metric["Namespace"]), text(&metric["MetricName"]), text(&stat["Stat"]), seconds(&stat["Period"]))
        }
    }
}

#[test]
fn every_alarm_of_the_plans_is_there_with_its_figures() {
    let monitoring = monitoring();
    for (id, namespace, metric, statistic, period, times, comparison, threshold) in ALARMS {
        let alarm = monitoring.properties(id);
        let expected = ((*namespace).to_owned(), (*metric).to_owned(), (*statistic).to_owned(), *period);
        assert_eq!(watched(&alarm), expected, "{id}");
        assert_eq!(alarm["EvaluationPeriods"], *times, "{id}");
        assert_eq!(text(&alarm["ComparisonOperator"]), *comparison, "{id}");
        assert_eq!(alarm["Threshold"].as_f64(), Some(*threshold), "{id}");
        assert!(alarm.get("AlarmActions").is_none(), "{id}: the alarm function announces it");
    }
    let found: BTreeSet<String> =
        monitoring.template().of_type("AWS::CloudWatch::Alarm").into_iter().map(|(id, _)| id).collect();
    assert_eq!(found, ALARMS.iter().map(|row| row.0.to_owned()).collect());
}

#[test]
fn a_scheduled_downtime_raises_no_alarm() {
    let monitoring = monitoring();
    for (id, expression) in [
        ("WebsiteAgentUnhealthyAlarm", "IF(desired > 1, FILL(healthy, 0), 2)"),
        ("CrawlerUnhealthyAlarm", "IF(desired > 0, FILL(running, 0), 1)"),
    ] {
        let metrics = monitoring.properties(id)["Metrics"].clone();
        let returned: Vec<&Value> =
            metrics.as_array().unwrap().iter().filter(|metric| metric["ReturnData"] == true).collect();
        assert_eq!(returned.len(), 1, "{id}");
        assert_eq!(returned[0]["Expression"], expression, "{id}");
        assert_eq!(metrics[1]["MetricStat"]["Metric"]["MetricName"], "DesiredTaskCount", "{id}");
    }
    for (id, alarm) in monitoring.template().of_type("AWS::CloudWatch::Alarm") {
        assert_eq!(alarm["TreatMissingData"], "notBreaching", "{id}: a service at zero tasks reports no data");
    }
}

/// `FILL` fills the newest minutes too, whose metrics have not arrived, and this alarm rolls a release back: "FILL(metric,
/// value) fills in the missing values", in
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>.
#[test]
fn two_minutes_whose_metrics_have_not_arrived_raise_no_alarm() {
    let monitoring = monitoring();
    for (id, alarm) in monitoring.template().of_type("AWS::CloudWatch::Alarm") {
        let filled = alarm["Metrics"].to_string().contains("FILL(");
        let demanded = alarm.get("DatapointsToAlarm").and_then(Value::as_u64);
        assert_eq!(demanded, filled.then_some(4), "{id}: two minutes as the plan says, beside two that are filled");
    }
}

/// "For rolling deployments, the value is set to 3 hours (180 minutes)" when none is given:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ecs-service-deploymentconfiguration.html>.
#[test]
fn a_deployment_waits_for_its_alarms_and_not_for_hours() {
    let service = huskit::part("services", &[]).properties("WebsiteAgentService");
    let bake = service["DeploymentConfiguration"]["BakeTimeInMinutes"].as_u64().unwrap();
    let minutes = ["WebsiteAgentErrorAlarm", "WebsiteAgentLatencyAlarm"]
        .map(|id| monitoring().properties(id)["EvaluationPeriods"].as_u64().unwrap());
    assert!(minutes.iter().all(|minutes| bake > *minutes) && bake < 10, "{bake}, {minutes:?}");
}

#[test]
fn a_deployment_of_website_agent_ends_with_errors_or_latency() {
    let services = huskit::part("services", &[]);
    let alarms = &services.properties("WebsiteAgentService")["DeploymentConfiguration"]["Alarms"];
    assert_eq!((&alarms["Enable"], &alarms["Rollback"]), (&true.into(), &true.into()));
    let names: Vec<String> = alarms["AlarmNames"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(names, ["<WebsiteAgentErrorAlarm>", "<WebsiteAgentLatencyAlarm>"]);
    assert_eq!(monitoring().output("WebsiteAgentErrorAlarm"), "<WebsiteAgentErrorAlarm>");
    assert_eq!(monitoring().output("WebsiteAgentLatencyAlarm"), "<WebsiteAgentLatencyAlarm>");
}

#[test]
fn services_scale_as_the_plan_says() {
    let services = huskit::part("services", &[]);
    let first = huskit::part("services", &[("FirstDeploy", "true")]);
    for (name, least, most, target, shrink, grow) in
        [("WebsiteAgent", 2, 6, 70, 300, 60), ("Crawler", 1, 3, 60, 300, 120)]
    {
        let scaling = services.properties(&format!("{name}Scaling"));
        assert_eq!((&scaling["MinCapacity"], &scaling["MaxCapacity"]), (&least.into(), &most.into()), "{name}");
        assert_eq!(scaling["ResourceId"], format!("service/huskit-prod/<{name}Service.Name>"));
        assert_eq!(first.properties(&format!("{name}Scaling"))["MinCapacity"], 0, "{name}: repositories are empty");
        let policy = &services.properties(&format!("{name}CpuScaling"))["TargetTrackingScalingPolicyConfiguration"];
        let metric = &policy["PredefinedMetricSpecification"]["PredefinedMetricType"];
        assert_eq!(metric, "ECSServiceAverageCPUUtilization", "{name}");
        let figures = ["TargetValue", "ScaleInCooldown", "ScaleOutCooldown"].map(|figure| policy[figure].as_u64());
        assert_eq!(figures, [Some(target), Some(shrink), Some(grow)], "{name}");
    }
}

/// Two places say how many tasks a service has: the automation's and Application Auto Scaling's.
#[test]
fn the_fleet_and_the_scalable_targets_agree() {
    let services = huskit::part("services", &[]);
    let fleet = &huskit::configuration(&[])["fleet"];
    for (at, name) in ["WebsiteAgent", "Crawler"].into_iter().enumerate() {
        let (baseline, scaling) = (&fleet["services"][at]["baseline"], services.properties(&format!("{name}Scaling")));
        assert_eq!((&baseline["min"], &baseline["max"]), (&scaling["MinCapacity"], &scaling["MaxCapacity"]), "{name}");
    }
}
