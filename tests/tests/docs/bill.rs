//! The parts of a month's bill, for two sizes of use.

use planner::model::{MONTH_HOURS, Prices, TasksByProvider};
use shared::runtime::Function;

use crate::inventory::{Inventory, Service};
use crate::price_list as list;
use crate::price_list::Price;

/// Where the system runs.
pub const REGION: &str = "eu-central-1";
const HOURS: f64 = MONTH_HOURS as f64;

/// One of two sizes of use, and what is assumed of it.
pub struct Size {
    pub name: &'static str,
    /// Tasks on average, website-agent's and the crawler's; the fleet's least number where it is left out.
    pub tasks: [Option<f64>; 2],
    pub requests_million: f64,
    pub cdn_gb: f64,
    pub tasks_out_gb: f64,
    pub capacity_units: f64,
    pub log_gb: f64,
    pub acl_log_gb: f64,
    pub files_gb: f64,
    pub images_gb: f64,
}

/// Both sizes.
pub const SIZES: [Size; 2] = [
    Size {
        name: "100 users",
        tasks: [None, None],
        requests_million: 1.0,
        cdn_gb: 50.0,
        tasks_out_gb: 20.0,
        capacity_units: 1.0,
        log_gb: 5.0,
        acl_log_gb: 2.0,
        files_gb: 2.0,
        images_gb: 15.0,
    },
    Size {
        name: "10,000 users",
        // The middle of the plan's 3 to 6 and 1 to 3.
        tasks: [Some(4.5), Some(2.0)],
        requests_million: 20.0,
        cdn_gb: 800.0,
        tasks_out_gb: 200.0,
        capacity_units: 3.0,
        log_gb: 40.0,
        acl_log_gb: 40.0,
        files_gb: 20.0,
        images_gb: 30.0,
    },
];

/// Metrics of Container Insights, as AWS lists them: of a cluster, of a service, of a task family.
const INSIGHTS: [f64; 3] = [13.0, 15.0, 10.0];
/// Metrics of each service that the automation writes.
const OF_A_SERVICE: f64 = 4.0;

/// One part of the bill.
pub struct Part {
    /// What it is called.
    pub name: String,
    /// What of the templates it counts.
    pub counted: String,
    /// What it costs in a month, for both sizes.
    pub usd: [f64; 2],
    /// What the plan estimated for it, in dollars.
    pub plan: &'static str,
}

/// A figure for both sizes.
pub fn both(cost: impl Fn(&Size) -> f64) -> [f64; 2] {
    SIZES.each_ref().map(cost)
}

/// Tasks of a service on average, within the bounds that the fleet gives it.
pub fn tasks(service: &Service, which: usize, size: &Size) -> f64 {
    let baseline = service.policy.baseline;
    let tasks = size.tasks[which].unwrap_or_else(|| baseline.min.into());
    assert!(f64::from(baseline.min) <= tasks && tasks <= baseline.max.into(), "{}: {tasks}", service.policy.name);
    tasks
}

/// What one task costs in a month, with its address and its storage.
pub fn task_month(service: &Service, spot: bool) -> [f64; 2] {
    let prices = Prices::for_region(REGION).unwrap();
    let one = TasksByProvider { on_demand: u32::from(!spot), spot: u32::from(spot) };
    let task = prices.service_hour(service.size, one).dollars() * HOURS;
    [task, (list::ADDRESS.usd + service.storage_gb * list::STORAGE.usd) * HOURS]
}

/// The bill with everything on demand and always on.
pub fn bill(inventory: &Inventory) -> Vec<Part> {
    let part = |name: &str, counted: String, usd: [f64; 2], plan| Part { name: name.to_owned(), counted, usd, plan };
    let [website_agent, crawler] = &inventory.services[..] else { panic!("the plan has two services") };
    let fargate = |which: usize, service: &Service, plan| {
        let size = format!("{} vCPU, {} GB", service.size.cpu_units / 1024, service.size.memory_mib / 1024);
        let usd = both(|own| task_month(service, false)[0] * tasks(service, which, own));
        part(&format!("Fargate, {}", service.policy.name), format!("{size}, on demand, always on"), usd, plan)
    };
    let beside = both(|size| {
        task_month(website_agent, false)[1] * tasks(website_agent, 0, size)
            + task_month(crawler, false)[1] * tasks(crawler, 1, size)
    });
    let balancers = inventory.count("AWS::ElasticLoadBalancingV2::LoadBalancer");
    let subnets = balancers * inventory.balancer_subnets as f64;
    let secrets = inventory.count("AWS::SecretsManager::Secret");
    let acls = inventory.count("AWS::WAFv2::WebACL");
    let zones = inventory.count("AWS::ServiceDiscovery::PrivateDnsNamespace");
    let services = inventory.services.len() as f64;
    let insights = inventory.count("AWS::ECS::Cluster") * INSIGHTS[0] + services * (INSIGHTS[1] + INSIGHTS[2]);
    let own = own_metrics(inventory);
    let functions = inventory.count("AWS::Serverless::Function");
    let (alarms, dashboards) = (inventory.alarm_metrics as f64, inventory.count("AWS::CloudWatch::Dashboard"));
    let extra_dashboards = if inventory.dashboard_metrics > 50 { dashboards } else { (dashboards - 3.0).max(0.0) };
    vec![
        fargate(0, website_agent, "70-180"),
        fargate(1, crawler, "120-200"),
        part(
            "Addresses and storage of tasks",
            format!("a public IPv4 address each, {} GB of additional storage for the crawler", crawler.storage_gb),
            beside,
            "",
        ),
        part(
            "Load balancer",
            format!("{balancers}, with {subnets} public addresses"),
            both(|size| {
                HOURS
                    * (balancers * list::BALANCER.usd
                        + size.capacity_units * list::CAPACITY.usd
                        + subnets * list::ADDRESS.usd)
            }),
            "25-60",
        ),
        part("CloudFront", counted(inventory, "AWS::CloudFront::Distribution", "distribution"), both(cdn), "20-100"),
        part(
            "Traffic of the tasks",
            "outbound; inbound is free".into(),
            both(|size| over(size.tasks_out_gb, 100.0, &list::TRAFFIC)),
            "",
        ),
        part(
            "WAF",
            format!("{acls} web ACL with {} rules, and its log", inventory.rules),
            both(|size| {
                acls * list::WEB_ACL.usd
                    + inventory.rules as f64 * list::WEB_ACL_RULE.usd
                    + size.requests_million * list::WEB_ACL_REQUESTS.usd
                    + size.acl_log_gb * list::WEB_ACL_LOG.usd
            }),
            "10-30",
        ),
        part(
            "S3",
            counted(inventory, "AWS::S3::Bucket", "bucket"),
            both(|size| size.files_gb * list::BUCKET.usd),
            "2-10",
        ),
        part(
            "ECR",
            counted(inventory, "AWS::ECR::Repository", "repository"),
            both(|size| size.images_gb * list::IMAGES.usd),
            "5-15",
        ),
        part(
            "Secrets",
            counted(inventory, "AWS::SecretsManager::Secret", "secret"),
            both(|_| secrets * list::SECRET.usd),
            "5-20",
        ),
        part(
            "Container Insights",
            format!(
                "{insights} metrics: {} of the cluster, {} of a service, {} of its tasks",
                INSIGHTS[0], INSIGHTS[1], INSIGHTS[2]
            ),
            both(|_| insights * list::METRIC.usd),
            "10-50, all of CloudWatch",
        ),
        part(
            "Metrics of the automation",
            format!("{own} metrics, 10 free"),
            both(|_| over(own, 10.0, &list::METRIC)),
            "",
        ),
        part(
            "Alarms and dashboard",
            format!(
                "{alarms} alarm metrics, 10 free; {dashboards} dashboard of {} metrics",
                inventory.dashboard_metrics
            ),
            both(|_| over(alarms, 10.0, &list::ALARM) + extra_dashboards * list::DASHBOARD.usd),
            "",
        ),
        part(
            "Logs",
            counted(inventory, "AWS::Logs::LogGroup", "group"),
            both(|size| over(size.log_gb, 5.0, &list::LOG) + size.log_gb * list::LOG_KEPT.usd),
            "",
        ),
        part("Cloud Map", format!("{zones} private zone"), both(|_| zones * list::ZONE.usd), "0.50-2"),
        part(
            "The automation",
            format!(
                "{functions} {}, the ledger, the configuration, ticks, topic, {} polled queues",
                plural(functions, "function"),
                inventory.polled
            ),
            both(|_| automation(inventory)),
            "",
        ),
    ]
}

fn cdn(size: &Size) -> f64 {
    over(size.cdn_gb, 1000.0, &list::CDN_TRAFFIC)
        + over(size.requests_million, 10.0, &list::CDN_REQUESTS)
        // At most: every request is one for a file.
        + over(size.requests_million, 2.0, &list::CDN_FUNCTIONS)
}

/// What is above the part that AWS gives away.
fn over(quantity: f64, free: f64, price: &Price) -> f64 {
    (quantity - free).max(0.0) * price.usd
}

/// The functions' own metrics, as their report has them, and those of each service and budget.
fn own_metrics(inventory: &Inventory) -> f64 {
    let document = shared::runtime::Report::new(shared::runtime::Mode::Act)
        .metrics(rollout::App::NAME, rollout::App::COUNTERS, "huskit", 0, 0)
        .remove(0);
    let of_a_function = document["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap().len() as f64;
    let of_budgets = inventory.counts["AWS::Budgets::Budget"] * budget::METRICS.len();
    let of_services = inventory.services.len() as f64 * OF_A_SERVICE;
    inventory.reporting as f64 * of_a_function + of_services + of_budgets as f64
}

/// Ticks of 100 ms with 256 MB, a read and a write of the ledger for each service at each. Every tick asks whether there
/// is another configuration, and a function that Lambda starts anew every two hours receives it.
fn automation(inventory: &Inventory) -> f64 {
    let ticks = inventory.ticking as f64 * HOURS * 12.0 / 1e6;
    let writes = ticks * inventory.services.len() as f64 * 2.0;
    let received = inventory.reporting as f64 * HOURS / 2.0;
    // Lambda polls a queue with five connections, each of which waits up to 20 s for a message, also when none comes:
    // <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>.
    let polls = inventory.polled as f64 * HOURS * 3600.0 / 20.0 * 5.0 / 1e6;
    over(ticks * 0.25 * 0.1, 0.4, &list::LAMBDA)
        + over(polls, 1.0, &list::QUEUE)
        + over(ticks, 14.0, &list::SCHEDULER)
        + writes * list::WRITES.usd
        + ticks * list::READS.usd
        + received * list::RECEIVED.usd
}

fn counted(inventory: &Inventory, kind: &str, name: &str) -> String {
    let count = inventory.count(kind);
    format!("{count} {}", plural(count, name))
}

fn plural(count: f64, name: &str) -> String {
    match (count == 1.0, name.strip_suffix('y')) {
        (true, _) => name.to_owned(),
        (false, Some(stem)) => format!("{stem}ies"),
        (false, None) => format!("{name}s"),
    }
}
