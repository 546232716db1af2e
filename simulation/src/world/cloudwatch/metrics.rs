//! Metrics of the system, from what its services really do.

use std::collections::BTreeMap;

use ::tests::template::{list, text};
use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::world::load::{Load, Loads, Sight, load};

/// The state of services, by `<cluster>/<service>`.
pub type Sights = BTreeMap<String, Sight>;

/// The system, as metrics measure it.
#[derive(Clone, Copy, Debug)]
pub struct System<'w> {
    /// What is deployed.
    pub account: &'w Account,
    /// The load of the services.
    pub loads: &'w Loads,
    /// The state of the services.
    pub sights: &'w Sights,
}

/// One entry of an alarm's metrics: a metric, or an expression over others.
#[derive(Clone, Debug)]
pub(super) struct Query {
    pub(super) id: String,
    pub(super) label: Option<String>,
    pub(super) expression: Option<String>,
    pub(super) namespace: String,
    pub(super) metric: String,
    pub(super) dimensions: BTreeMap<String, String>,
    pub(super) stat: String,
    pub(super) period: i64,
    /// Is it what the alarm compares?
    pub(super) returned: bool,
}

impl Query {
    pub(super) fn of(properties: &Value) -> Vec<Query> {
        let metrics = list(&properties["Metrics"]);
        if metrics.is_empty() {
            let stat = ["Statistic", "ExtendedStatistic"].into_iter().find_map(|field| properties[field].as_str());
            let metric = json!({ "Namespace": properties["Namespace"], "MetricName": properties["MetricName"],
                "Dimensions": properties["Dimensions"] });
            let id = Value::from("m1");
            return vec![Query::read(&json!({ "Id": id, "ReturnData": true,
                "MetricStat": { "Metric": metric, "Stat": stat, "Period": properties["Period"] } }))];
        }
        metrics.iter().map(Query::read).collect()
    }

    fn read(entry: &Value) -> Query {
        let (stat, metric) = (&entry["MetricStat"], &entry["MetricStat"]["Metric"]);
        let dimensions = list(&metric["Dimensions"]);
        let period = [&stat["Period"], &entry["Period"]].into_iter().find_map(number).unwrap_or(60.0);
        Query {
            id: text(&entry["Id"]),
            label: entry["Label"].as_str().map(str::to_owned),
            expression: entry["Expression"].as_str().map(str::to_owned),
            namespace: text(&metric["Namespace"]),
            metric: text(&metric["MetricName"]),
            dimensions: dimensions.iter().map(|one| (text(&one["Name"]), text(&one["Value"]))).collect(),
            stat: text(&stat["Stat"]),
            // Whole seconds.
            #[allow(clippy::cast_possible_truncation)]
            period: period as i64,
            returned: entry["ReturnData"].as_bool().unwrap_or(true),
        }
    }

    /// Is it about services, and not about the automation?
    pub(super) fn is_of_system(&self) -> bool {
        ["AWS/ECS", "ECS/ContainerInsights", "AWS/ApplicationELB", "AWS/CloudFront"].contains(&self.namespace.as_str())
            || self.expression.as_ref().is_some_and(|text| text.contains("AWS/CloudFront"))
    }

    /// The entry as events have it.
    pub(super) fn shown(&self) -> Value {
        let mut shown = Map::new();
        shown.insert("id".into(), self.id.clone().into());
        if let Some(expression) = &self.expression {
            shown.insert("expression".into(), expression.clone().into());
        } else {
            let metric = json!({ "namespace": self.namespace, "name": self.metric, "dimensions": self.dimensions });
            shown.insert("metricStat".into(), json!({ "metric": metric, "period": self.period, "stat": self.stat }));
        }
        if let Some(label) = &self.label {
            shown.insert("label".into(), label.clone().into());
        }
        shown.insert("returnData".into(), self.returned.into());
        Value::Object(shown)
    }

    /// `<cluster>/<service>` that it is about.
    pub(super) fn service(&self, account: &Account) -> Option<String> {
        if let (Some(cluster), Some(service)) = (self.dimensions.get("ClusterName"), self.dimensions.get("ServiceName"))
        {
            return Some(format!("{cluster}/{service}"));
        }
        // The system has one service behind its load balancer, and CloudFront in front of that.
        let services = account.of_type("AWS::ECS::Service");
        let behind = services.iter().find(|service| !list(&service.properties["LoadBalancers"]).is_empty())?;
        let cluster = text(&behind.properties["Cluster"]);
        Some(format!("{}/{}", cluster.rsplit('/').next()?, text(&behind.properties["ServiceName"])))
    }

    /// What it measured in the last minute; nothing where there is no data.
    pub(super) fn measure(&self, system: System<'_>) -> Option<f64> {
        let service = self.service(system.account)?;
        let sight = *system.sights.get(&service)?;
        let load = load(system.loads, &service);
        if load.silent {
            return None;
        }
        let share = failing(load, sight);
        match (self.namespace.as_str(), self.metric.as_str()) {
            // "A service at zero tasks reports no data."
            ("AWS/ECS" | "ECS/ContainerInsights", "CPUUtilization") => (sight.running > 0).then(|| load.cpu_of(sight)),
            ("AWS/ECS" | "ECS/ContainerInsights", "MemoryUtilization") => (sight.running > 0).then_some(load.memory),
            ("ECS/ContainerInsights", "DesiredTaskCount") => Some(float(sight.desired)),
            // Container Insights reports running tasks: no data where there are none.
            ("ECS/ContainerInsights", "RunningTaskCount") => (sight.running > 0).then(|| float(sight.running)),
            ("ECS/ContainerInsights", "PendingTaskCount") => Some(float((sight.desired - sight.running).max(0))),
            ("AWS/ApplicationELB", "HealthyHostCount") => (sight.serving > 0).then(|| float(sight.serving)),
            ("AWS/ApplicationELB", "UnHealthyHostCount") => Some(float(sight.running - sight.serving)),
            ("AWS/ApplicationELB", "RequestCount") => Some(load.requests),
            // "Reported only if there is a nonzero value", of answers of targets only.
            ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count") => {
                let errors = (load.requests * share + load.errors).min(load.requests);
                (sight.serving > 0 && errors > 0.0).then_some(errors)
            }
            ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count") => (sight.serving == 0).then_some(load.requests),
            ("AWS/ApplicationELB", "TargetResponseTime") => {
                (sight.serving > 0 && load.requests > 0.0).then_some(load.latency)
            }
            ("AWS/CloudFront", "5xxErrorRate") => (load.requests > 0.0).then(|| match sight.serving {
                0 => 100.0,
                _ => 100.0 * (share + load.errors / load.requests).min(1.0),
            }),
            (namespace, metric) => panic!("the model has no metric {namespace} {metric}"),
        }
    }
}

/// Share of the requests that tasks fail.
fn failing(load: Load, sight: Sight) -> f64 {
    if sight.serving == 0 || load.requests <= 0.0 { 0.0 } else { float(sight.erring) / float(sight.serving) }
}

/// A count as a number; it is small.
#[allow(clippy::cast_precision_loss)]
fn float(count: i64) -> f64 {
    count as f64
}

pub(super) fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

pub(super) fn whole(value: &Value) -> Option<usize> {
    value.as_u64().or_else(|| text(value).parse().ok()).and_then(|count| usize::try_from(count).ok())
}
