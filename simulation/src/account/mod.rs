//! What the templates deploy, as data. Nothing of a system is written here: it is read from the root template and what it nests.

mod changes;
mod copies;
mod physical;
mod place;

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Map, Value};
use tests::resolve::Deployed;
use tests::template::{Template, list, text};

use physical::Names;

pub use copies::{Fleet, added};
pub use place::{ACCOUNT, EDGE, REGION};

/// What stands in the environment of a task definition and must not leave it.
pub const SECRET: &str = "hunter2-is-secret";

/// Names of the functions.
pub const FUNCTIONS: [&str; 5] = ["rollout", "capacity", "alarm", "budget", "request"];

/// The type of an alarm.
const ALARM: &str = "AWS::CloudWatch::Alarm";

/// Everything that is deployed.
#[derive(Clone, Debug)]
pub struct Account {
    /// The functions, by their short names.
    pub functions: BTreeMap<&'static str, Function>,
    /// Rules of the default event bus.
    pub rules: Vec<Rule>,
    /// Schedules of the functions.
    pub schedules: Vec<Schedule>,
    /// Queues.
    pub queues: Vec<Queue>,
    /// Which queue feeds which function.
    pub mappings: Vec<Mapping>,
    /// ARN of a topic and what is subscribed to it.
    pub subscriptions: Vec<(String, Target)>,
    /// Properties of every resource, by type, in the order of the templates.
    resources: BTreeMap<String, Vec<Resource>>,
    /// How many services were added to those of the templates.
    pub added: usize,
}

/// A resource with every reference resolved.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its logical id.
    pub id: String,
    /// What `Ref` returns.
    pub reference: String,
    /// Its properties.
    pub properties: Value,
    /// Where it is.
    pub region: &'static str,
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// `rollout` and so on.
    pub name: &'static str,
    /// Its name in Lambda.
    pub lambda: String,
    /// Its ARN.
    pub arn: String,
    /// Its environment.
    pub variables: BTreeMap<String, String>,
    /// Statements of its policies.
    pub statements: Vec<Value>,
    /// When Lambda ends an invocation.
    pub timeout: SignedDuration,
    /// Longest that an asynchronous invocation is repeated.
    pub max_age: SignedDuration,
    /// How often an asynchronous invocation is repeated.
    pub max_retries: i64,
    /// ARN of the queue for events that it gave up.
    pub on_failure: Option<String>,
}

/// A rule of the default event bus.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// What it matches.
    pub pattern: Value,
    /// Where events go.
    pub targets: Vec<Target>,
}

/// Where an event, a message or a schedule goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A function, asynchronously.
    Function(&'static str),
    /// A queue, by ARN.
    Queue(String),
    /// A topic, by ARN.
    Topic(String),
    /// A person's inbox, by address.
    Inbox(String),
}

/// A schedule of EventBridge Scheduler.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// `rate(5 minutes)` or `cron(...)`.
    pub expression: String,
    /// The IANA time zone of the expression.
    pub zone: String,
    /// What it invokes.
    pub function: &'static str,
    /// What the function gets; `<aws.scheduler.scheduled-time>` stands for the time.
    pub input: String,
    /// Time from the full interval to when a `rate` fires first.
    pub offset: SignedDuration,
}

/// A queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Its ARN.
    pub arn: String,
    /// Its URL.
    pub url: String,
    /// How long a received message is invisible.
    pub visibility: SignedDuration,
    /// How long messages are kept.
    pub retention: SignedDuration,
    /// ARN of the dead-letter queue and the receives after which a message goes there.
    pub redrive: Option<(String, i64)>,
}

/// An event source mapping.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// ARN of the queue.
    pub queue: String,
    /// The function.
    pub function: &'static str,
    /// Most messages of one invocation.
    pub batch: usize,
    /// May a part of a batch fail?
    pub partial: bool,
    /// Most invocations at the same time.
    pub concurrency: usize,
}

impl Account {
    /// HuskIT with the parameters of the root that differ from their defaults.
    ///
    /// # Panics
    /// When the templates cannot be read.
    pub fn huskit(given: &[(&str, &str)]) -> Account {
        let mut account = Account::of(tests::template::root(), given);
        account.add_edge();
        account
    }

    /// Adds the alarms of the edge, whose events a rule there forwards.
    fn add_edge(&mut self) {
        let edge = Deployed::new(tests::template::edge(), &[]).in_region(EDGE);
        for (id, properties) in edge.template().of_type(ALARM) {
            let properties = edge.resolve(&properties);
            let reference = text(&properties["AlarmName"]);
            self.resources.entry(ALARM.to_owned()).or_default().push(Resource {
                id,
                reference,
                properties,
                region: EDGE,
            });
        }
    }

    /// What a root template deploys.
    pub fn of(root: Template, given: &[(&str, &str)]) -> Account {
        let (root, mut stacks) = Deployed::new(root, given).with_nested();
        stacks.insert(0, root);
        let names = Names::of(&stacks);
        let mut account = Account {
            functions: BTreeMap::new(),
            rules: Vec::new(),
            schedules: Vec::new(),
            queues: Vec::new(),
            mappings: Vec::new(),
            subscriptions: Vec::new(),
            resources: BTreeMap::new(),
            added: 0,
        };
        for stack in &stacks {
            for (id, resource) in stack.template().section("Resources") {
                if resource["Condition"].as_str().is_some_and(|condition| !stack.holds(condition)) {
                    continue;
                }
                let kind = text(&resource["Type"]);
                let properties = names.apply(&stack.resolve(&resource["Properties"]));
                let reference = names.reference(&id);
                account.resources.entry(kind).or_default().push(Resource { id, reference, properties, region: REGION });
            }
        }
        account.wire(&stacks, &names);
        account
    }

    /// Every resource of a type.
    pub fn of_type(&self, kind: &str) -> &[Resource] {
        self.resources.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The configuration that is deployed in AppConfig, as text.
    pub fn configuration(&self) -> String {
        text(&self.of_type("AWS::AppConfig::HostedConfigurationVersion")[0].properties["Content"])
    }

    /// Names of the services that the fleet lists, in its order.
    ///
    /// # Panics
    /// When the configuration is no JSON.
    pub fn services(&self) -> Vec<String> {
        self.policies().iter().map(|policy| text(&policy["name"])).collect()
    }

    /// The fleet's entries.
    ///
    /// # Panics
    /// When the configuration is no JSON.
    pub fn policies(&self) -> Vec<Value> {
        let configuration: Value = serde_json::from_str(&self.configuration()).expect("a JSON configuration");
        list(&configuration["fleet"]["services"])
    }

    /// Names of the budgets.
    pub fn budgets(&self) -> Vec<String> {
        self.of_type("AWS::Budgets::Budget")
            .iter()
            .map(|budget| text(&budget.properties["Budget"]["BudgetName"]))
            .collect()
    }

    /// The function with this name or ARN in Lambda.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.values().find(|function| function.lambda == name || function.arn == name)
    }

    fn wire(&mut self, stacks: &[Deployed], names: &Names) {
        let globals = stacks.iter().map(|stack| stack.template().body["Globals"]["Function"].clone());
        let globals = globals.into_iter().find(|globals| !globals.is_null()).unwrap_or_default();
        for Resource { id, properties, .. } in self.of_type("AWS::SQS::Queue").to_vec() {
            let seconds =
                |field: &str, default: i64| SignedDuration::from_secs(properties[field].as_i64().unwrap_or(default));
            let redrive = &properties["RedrivePolicy"];
            self.queues.push(Queue {
                arn: names.attribute(&id, "Arn"),
                url: names.reference(&id),
                visibility: seconds("VisibilityTimeout", 30),
                retention: seconds("MessageRetentionPeriod", 345_600),
                redrive: redrive["maxReceiveCount"]
                    .as_i64()
                    .map(|count| (text(&redrive["deadLetterTargetArn"]), count)),
            });
        }
        for Resource { id, properties, .. } in self.of_type("AWS::Serverless::Function").to_vec() {
            let lambda = text(&properties["FunctionName"]);
            let name = FUNCTIONS.into_iter().find(|name| lambda.ends_with(&format!("-{name}")));
            let name = name.unwrap_or_else(|| panic!("the simulation has no function {lambda}"));
            self.function_of(name, &id, &properties, &globals, names);
        }
        for Resource { id, properties, .. } in self.of_type("AWS::Events::Rule").to_vec() {
            let targets = list(&properties["Targets"]);
            let targets = targets.iter().filter_map(|target| self.target(&text(&target["Arn"]))).collect();
            self.rules.push(Rule { name: id, pattern: properties["EventPattern"].clone(), targets });
        }
        for Resource { properties, .. } in self.of_type("AWS::SNS::Subscription").to_vec() {
            let endpoint = text(&properties["Endpoint"]);
            let target = match properties["Protocol"].as_str() {
                Some("email") => Some(Target::Inbox(endpoint)),
                _ => self.target(&endpoint),
            };
            self.subscriptions.extend(target.map(|target| (text(&properties["TopicArn"]), target)));
        }
        for Resource { properties, .. } in self.of_type("AWS::Lambda::EventSourceMapping").to_vec() {
            if let Some(Target::Function(function)) = self.target(&text(&properties["FunctionName"])) {
                self.mappings.push(mapping(function, &properties, "EventSourceArn"));
            }
        }
    }

    fn function_of(&mut self, name: &'static str, id: &str, properties: &Value, globals: &Value, names: &Names) {
        let own =
            |field: &str| if properties[field].is_null() { globals[field].clone() } else { properties[field].clone() };
        let lambda = text(&properties["FunctionName"]);
        let mut variables: BTreeMap<String, String> = BTreeMap::new();
        for source in [globals, properties] {
            let fields = source["Environment"]["Variables"].as_object().cloned().unwrap_or_default();
            variables.extend(fields.iter().map(|(name, value)| (name.clone(), text(value))));
        }
        variables.insert("AWS_LAMBDA_FUNCTION_NAME".to_owned(), lambda.clone());
        variables.insert("AWS_REGION".to_owned(), REGION.to_owned());
        for (host, _) in crate::wire::HOSTS {
            let variable = format!("AWS_ENDPOINT_URL_{}", host.to_uppercase().replace('-', "_"));
            variables.insert(variable, format!("http://{host}.model"));
        }
        let policies = list(&properties["Policies"]);
        let invoke = own("EventInvokeConfig");
        let timeout = own("Timeout").as_i64().unwrap_or(3);
        self.functions.insert(
            name,
            Function {
                name,
                arn: names.attribute(id, "Arn"),
                variables,
                statements: policies.iter().flat_map(|policy| list(&policy["Statement"])).collect(),
                timeout: SignedDuration::from_secs(timeout),
                max_age: SignedDuration::from_secs(invoke["MaximumEventAgeInSeconds"].as_i64().unwrap_or(21_600)),
                max_retries: invoke["MaximumRetryAttempts"].as_i64().unwrap_or(2),
                on_failure: invoke["DestinationConfig"]["OnFailure"]["Destination"].as_str().map(str::to_owned),
                lambda,
            },
        );
        for (event, body) in properties["Events"].as_object().unwrap_or(&Map::new()) {
            self.trigger(name, id, event, &text(&body["Type"]), &body["Properties"]);
        }
    }

    fn trigger(&mut self, function: &'static str, id: &str, event: &str, kind: &str, properties: &Value) {
        match kind {
            "EventBridgeRule" => self.rules.push(Rule {
                name: format!("{id}.{event}"),
                pattern: properties["Pattern"].clone(),
                targets: vec![Target::Function(function)],
            }),
            "ScheduleV2" => self.schedules.push(Schedule {
                name: text(&properties["Name"]),
                expression: text(&properties["ScheduleExpression"]),
                zone: properties["ScheduleExpressionTimezone"].as_str().unwrap_or("UTC").to_owned(),
                function,
                input: text(&properties["Input"]),
                offset: SignedDuration::ZERO,
            }),
            "SNS" => self.subscriptions.push((text(&properties["Topic"]), Target::Function(function))),
            "SQS" => self.mappings.push(mapping(function, properties, "Queue")),
            other => panic!("the simulation does not know events of type {other} ({id}.{event})"),
        }
    }

    fn target(&self, arn: &str) -> Option<Target> {
        if let Some(function) = self.function(arn) {
            return Some(Target::Function(function.name));
        }
        match arn.split(':').nth(2) {
            Some("sqs") => Some(Target::Queue(arn.to_owned())),
            Some("sns") => Some(Target::Topic(arn.to_owned())),
            // In another region, another account, or not of the automation.
            _ => None,
        }
    }
}

fn mapping(function: &'static str, properties: &Value, queue: &str) -> Mapping {
    let partial = list(&properties["FunctionResponseTypes"]).iter().any(|kind| kind == "ReportBatchItemFailures");
    let batch = properties["BatchSize"].as_u64().unwrap_or(10);
    let concurrency = properties["ScalingConfig"]["MaximumConcurrency"].as_u64().unwrap_or(1_000);
    let [batch, concurrency] = [batch, concurrency].map(|number| usize::try_from(number).unwrap());
    Mapping { queue: text(&properties[queue]), function, batch, partial, concurrency }
}
