//! What of the templates is paid for, counted.

use std::collections::BTreeMap;

use planner::fleet::{Fleet, ServicePolicy};
use planner::model::{Arch, TaskSize};
use serde_json::Value;
use tests::huskit;
use tests::resolve::Deployed;
use tests::template::{self, list, text};

use crate::permissions::stacks;

/// Types that a part of the estimate counts.
const PAID: [&str; 17] = [
    "AWS::CloudFront::Distribution",
    "AWS::CloudFront::Function",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::DynamoDB::Table",
    "AWS::ECR::Repository",
    "AWS::ECS::Cluster",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::Serverless::Function",
    "AWS::ServiceDiscovery::PrivateDnsNamespace",
    "AWS::WAFv2::LoggingConfiguration",
    "AWS::WAFv2::WebACL",
];

/// Types without a charge of their own.
const FREE: [&str; 44] = [
    // Reading the configuration is charged, and counted with the functions that read it.
    "AWS::AppConfig::Application",
    "AWS::AppConfig::ConfigurationProfile",
    "AWS::AppConfig::Deployment",
    "AWS::AppConfig::DeploymentStrategy",
    "AWS::AppConfig::Environment",
    "AWS::AppConfig::HostedConfigurationVersion",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::Budgets::Budget",
    "AWS::CertificateManager::Certificate",
    "AWS::CloudFormation::Stack",
    "AWS::CloudFront::CachePolicy",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::CloudWatch::AlarmMuteRule",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::Events::EventBusPolicy",
    "AWS::Events::Rule",
    "AWS::IAM::OIDCProvider",
    "AWS::IAM::Role",
    "AWS::Lambda::Permission",
    "AWS::Route53::RecordSet",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",
    "AWS::Scheduler::ScheduleGroup",
    "AWS::ServiceDiscovery::Service",
    "AWS::Lambda::EventInvokeConfig",
];

/// A service as the templates have it.
pub struct Service {
    /// What the fleet says of it.
    pub policy: ServicePolicy,
    /// What a task of it is given.
    pub size: TaskSize,
    /// Storage beyond what is free, in GB.
    pub storage_gb: f64,
}

/// Everything that is paid for.
pub struct Inventory {
    /// The services of the fleet.
    pub services: Vec<Service>,
    /// Resources by type.
    pub counts: BTreeMap<String, usize>,
    /// Subnets of the load balancer; it has an address in each.
    pub balancer_subnets: usize,
    /// Rules of the web ACL.
    pub rules: usize,
    /// Metrics that alarms look at.
    pub alarm_metrics: usize,
    /// How many metrics the dashboard's widgets show; CloudWatch bills each.
    pub dashboard_metrics: usize,
    /// Functions that report what they did as metrics: those that events start.
    pub reporting: usize,
    /// Functions that look at everything every 5 minutes.
    pub ticking: usize,
    /// Queues that Lambda polls for functions.
    pub polled: usize,
}

impl Inventory {
    /// Counts what all stacks have.
    pub fn take() -> Inventory {
        let counts = count();
        let balancer = huskit::shared_part("alb", &[]);
        let stacks = stacks();
        let alarms = stacks.iter().flat_map(|stack| made(stack, "AWS::CloudWatch::Alarm"));
        let monitoring = huskit::part("monitoring", &[]);
        let dashboard: Value =
            serde_json::from_str(&text(&monitoring.properties("Dashboard")["DashboardBody"])).unwrap();
        let functions = template::functions().of_type("AWS::Serverless::Function");
        let events = |function: &Value| -> Vec<Value> {
            function["Events"].as_object().into_iter().flat_map(|events| events.values().cloned()).collect()
        };
        let ticks = |function: &Value| {
            let expressions = events(function);
            let mut expressions =
                expressions.iter().filter_map(|event| event["Properties"]["ScheduleExpression"].as_str());
            expressions.any(|expression| expression.ends_with("/5 * * * ? *)"))
        };
        Inventory {
            services: services(&huskit::part("services", &[])),
            counts,
            balancer_subnets: list(&balancer.properties("LoadBalancer")["Subnets"]).len(),
            rules: list(&template::edge().properties("WebAcl")["Rules"]).len(),
            alarm_metrics: alarms.map(|alarm| looked_at(&alarm)).sum(),
            dashboard_metrics: list(&dashboard["widgets"]).iter().map(|widget| shown(&widget["properties"])).sum(),
            reporting: functions.iter().filter(|(_, function)| function.get("Events").is_some()).count(),
            ticking: functions.iter().filter(|(_, function)| ticks(function)).count(),
            polled: functions
                .iter()
                .flat_map(|(_, function)| events(function))
                .filter(|event| event["Type"] == "SQS")
                .count(),
        }
    }

    /// How many of a type.
    pub fn count(&self, kind: &str) -> f64 {
        assert!(PAID.contains(&kind), "{kind}");
        self.counts.get(kind).copied().unwrap_or_default() as f64
    }
}

/// Resources by type, of every stack of HuskIT; a type that is neither paid nor free here is an error.
fn count() -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for stack in stacks() {
        for (id, resource) in stack.template().section("Resources") {
            let kind = text(&resource["Type"]);
            let known = PAID.contains(&kind.as_str()) || FREE.contains(&kind.as_str());
            assert!(
                known,
                "{}: {id}: what does a {kind} cost? Say it in inventory.rs and docs/reference/cost.md",
                stack.template().path
            );
            *counts.entry(kind).or_default() += 1;
        }
    }
    counts
}

/// The resources of a type whose condition holds.
fn made(stack: &Deployed, kind: &str) -> Vec<Value> {
    let resources = stack.template().section("Resources");
    let holds = |resource: &&Value| resource["Condition"].as_str().is_none_or(|condition| stack.holds(condition));
    let of_kind = resources.values().filter(|resource| resource["Type"] == kind);
    of_kind.filter(holds).map(|resource| resource["Properties"].clone()).collect()
}

/// The fleet as it is deployed with these parameters.
pub fn fleet(given: &[(&str, &str)]) -> Fleet {
    Fleet::parse(&huskit::document(given, "fleet")).unwrap()
}

fn services(deployed: &Deployed) -> Vec<Service> {
    let fleet = fleet(&[]);
    let definitions = deployed.template().of_type("AWS::ECS::TaskDefinition");
    let service = |policy: ServicePolicy| {
        let family = format!("{}-{}", fleet.system, policy.name);
        let (id, _) = definitions.iter().find(|(_, own)| own["Family"] == family).unwrap_or_else(|| panic!("{family}"));
        let own = deployed.properties(id);
        let number = |field: &str| text(&own[field]).parse().unwrap();
        let arch =
            own["RuntimePlatform"]["CpuArchitecture"].as_str().map_or(Arch::default(), |arch| arch.parse().unwrap());
        let storage = own["EphemeralStorage"]["SizeInGiB"].as_f64().unwrap_or(20.0);
        let size = TaskSize { cpu_units: number("Cpu"), memory_mib: number("Memory"), arch };
        Service { policy, size, storage_gb: (storage - 20.0).max(0.0) }
    };
    fleet.services.clone().into_iter().map(service).collect()
}

/// How many metrics an alarm is charged for: one, or those that its expression is made of.
fn looked_at(alarm: &Value) -> usize {
    let mut metrics = 0;
    template::walk(&alarm["Metrics"], &mut |value| metrics += usize::from(value.get("MetricStat").is_some()));
    metrics.max(1)
}

fn shown(widget: &Value) -> usize {
    list(&widget["metrics"]).iter().filter(|metric| metric[0].is_string()).count()
}
