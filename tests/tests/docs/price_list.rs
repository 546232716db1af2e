//! What AWS charges in eu-central-1, apart from Fargate: that is in `planner::model::Prices`.

/// A price, what it is per, and where it was read.
pub struct Price {
    /// What is charged.
    pub what: &'static str,
    /// US dollars.
    pub usd: f64,
    /// The unit of the price: `hour`, `GB`, `million requests`.
    pub per: &'static str,
    /// What of it AWS gives away every month, for ever.
    pub free: &'static str,
    /// Where it was read.
    pub source: Source,
}

/// Where a price was read.
#[derive(Clone, Copy)]
pub enum Source {
    /// AWS's price list of eu-central-1 or of all regions, as read by others who published it.
    List,
    /// A bill for eu-central-1.
    Bill,
    /// The price list of eu-west-2, for want of a reading of eu-central-1; the two differ by a few percent.
    London,
    /// Guides of 2026 that agree with each other.
    Guides,
    /// The price list of eu-central-1 as Infracost printed it, without a date.
    Infracost,
}

impl Source {
    /// As the document names it.
    pub fn text(self) -> &'static str {
        match self {
            Source::List => "price list, September and October 2026",
            Source::Bill => "a bill for June 2026",
            Source::London => "price list of eu-west-2, October 2026",
            Source::Guides => "published guides of 2026",
            Source::Infracost => "price list as Infracost printed it, undated",
        }
    }
}

const fn price(what: &'static str, usd: f64, per: &'static str, free: &'static str, source: Source) -> Price {
    Price { what, usd, per, free, source }
}

pub const STORAGE: Price = price("Fargate storage above 20 GB", 0.000_129, "GB and hour", "", Source::London);
pub const ADDRESS: Price = price("Public IPv4 address", 0.005, "hour", "", Source::Bill);
pub const BALANCER: Price = price("Load balancer", 0.027, "hour", "", Source::Bill);
pub const CAPACITY: Price = price("Load balancer capacity unit", 0.0084, "hour", "", Source::London);
pub const CDN_TRAFFIC: Price = price("CloudFront, to Europe and North America", 0.085, "GB", "1 TB", Source::List);
pub const CDN_REQUESTS: Price =
    price("CloudFront, HTTPS requests from Europe", 1.20, "million", "10 million", Source::List);
pub const CDN_FUNCTIONS: Price =
    price("CloudFront Functions, invocations", 0.10, "million", "2 million", Source::Guides);
pub const TRAFFIC: Price = price("Data transfer from the tasks to the internet", 0.09, "GB", "100 GB", Source::List);
pub const WEB_ACL: Price = price("Web ACL", 5.0, "month", "", Source::Guides);
pub const WEB_ACL_RULE: Price = price("Rule or managed rule group of a web ACL", 1.0, "month", "", Source::Guides);
pub const WEB_ACL_REQUESTS: Price = price("Web ACL requests", 0.60, "million", "", Source::Guides);
pub const WEB_ACL_LOG: Price = price("Log of the web ACL (us-east-1)", 0.50, "GB", "", Source::Guides);
pub const BUCKET: Price = price("S3", 0.0245, "GB and month", "", Source::Infracost);
pub const IMAGES: Price = price("ECR", 0.10, "GB and month", "", Source::List);
pub const SECRET: Price = price("Secret", 0.40, "month", "", Source::Bill);
pub const METRIC: Price = price("Custom metric, or metric of Container Insights", 0.30, "month", "10", Source::Bill);
pub const ALARM: Price = price("Alarm metric", 0.10, "month", "10", Source::List);
pub const DASHBOARD: Price = price("Dashboard", 3.0, "month", "3 of up to 50 metrics", Source::Guides);
pub const LOG: Price = price("Logs ingested", 0.63, "GB", "5 GB", Source::List);
pub const LOG_KEPT: Price = price("Logs stored", 0.0324, "GB and month", "", Source::List);
pub const ZONE: Price = price("Hosted zone", 0.50, "month", "", Source::Bill);
pub const LAMBDA: Price = price("Lambda on arm64", 13.33, "million GB-seconds", "0.4 million", Source::List);
pub const WRITES: Price = price("DynamoDB, writes of 1 KB", 0.7625, "million", "", Source::List);
pub const READS: Price = price("AppConfig, requests for the configuration", 0.20, "million", "", Source::Guides);
pub const RECEIVED: Price = price("AppConfig, configurations received", 0.0008, "configuration", "", Source::Guides);
pub const SCHEDULER: Price = price("EventBridge Scheduler", 1.15, "million", "14 million", Source::London);
pub const QUEUE: Price = price("SQS, requests", 0.40, "million", "1 million", Source::List);

/// All of them, in the order of the document.
pub const ALL: [&Price; 27] = [
    &STORAGE,
    &ADDRESS,
    &BALANCER,
    &CAPACITY,
    &CDN_TRAFFIC,
    &CDN_REQUESTS,
    &CDN_FUNCTIONS,
    &TRAFFIC,
    &WEB_ACL,
    &WEB_ACL_RULE,
    &WEB_ACL_REQUESTS,
    &WEB_ACL_LOG,
    &BUCKET,
    &IMAGES,
    &SECRET,
    &METRIC,
    &ALARM,
    &DASHBOARD,
    &LOG,
    &LOG_KEPT,
    &ZONE,
    &LAMBDA,
    &WRITES,
    &READS,
    &RECEIVED,
    &SCHEDULER,
    &QUEUE,
];
