//! The few calls of AWS that these tests need, answered over HTTP by a thread of the same process.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_cbor::Encoder;
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::Result;
use shared::aws::Connection;
use shared::env::Env;
use shared::runtime::lambda::Handler;
use shared::runtime::{Function, Runtime};

/// An account with one table, budgets and a topic; every copy is the same one.
#[derive(Clone)]
pub struct Cloud {
    variables: BTreeMap<&'static str, String>,
    state: Arc<Mutex<State>>,
}

/// What happens before a call is answered.
type Between = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct State {
    /// Items of the table by both keys, as DynamoDB writes them.
    items: BTreeMap<(String, String), Value>,
    /// What is spent of each budget, in dollars.
    spent: BTreeMap<String, String>,
    /// Does the topic refuse?
    refuses: bool,
    published: usize,
    /// What is deployed in AppConfig, and how often something was.
    configuration: Value,
    deployed: usize,
    looks: usize,
    /// Does AppConfig not answer?
    silent: bool,
    /// What ECS says of its services.
    services: Vec<Value>,
    /// Alarms by name, as CloudWatch returns them.
    alarms: BTreeMap<String, AlarmState>,
    /// Functions that were invoked.
    invoked: Vec<String>,
    /// Requests to update a service, and whether ECS refuses those that name a capacity provider strategy.
    updates: Vec<Value>,
    refuses_strategies: bool,
    /// How many items were written.
    written: usize,
    /// Calls of invocations: what a function does when it starts is not counted.
    calls: usize,
    serving: bool,
    between: Option<(usize, Between)>,
}

/// An alarm, as CloudWatch returns it.
struct AlarmState {
    value: String,
    since: Timestamp,
}

/// A function that was started.
pub struct Process<F: Function> {
    function: Runtime<F>,
    runtime: tokio::runtime::Runtime,
    cloud: Cloud,
}

impl<F: Function> Process<F> {
    /// One invocation.
    pub fn invoke(&self, payload: Value, now: &str) -> Result<Value> {
        self.cloud.state().serving = true;
        let answer = self.runtime.block_on(self.function.handle(payload, at(now)));
        self.cloud.state().serving = false;
        answer
    }
}

fn at(now: &str) -> Timestamp {
    now.parse().unwrap()
}

impl Cloud {
    /// A cloud in which functions get these variables beside those that every function gets.
    pub fn new(fleet: &Value, budgets: &Value) -> Cloud {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let variables = [
            ("CONFIGURATION_APPLICATION", "application".to_owned()),
            ("CONFIGURATION_ENVIRONMENT", "environment".to_owned()),
            ("CONFIGURATION_PROFILE", "profile".to_owned()),
            ("AWS_LAMBDA_FUNCTION_NAME", "function".to_owned()),
            ("LEDGER_TABLE", "ledger".to_owned()),
            ("OPERATIONS_TOPIC_ARN", "arn:aws:sns:eu-central-1:123456789012:operations".to_owned()),
            ("CAPACITY_FUNCTION", "capacity".to_owned()),
            ("DRY_RUN", "false".to_owned()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ];
        let cloud = Cloud { variables: variables.into(), state: Arc::default() };
        cloud.deploy(&json!({ "fleet": fleet, "alarms": { "alarms": [] }, "budgets": budgets }));
        let serving = cloud.clone();
        // Ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let cloud = serving.clone();
                std::thread::spawn(move || cloud.serve(stream.unwrap()));
            }
        });
        cloud
    }

    /// The same with another variable.
    pub fn with(mut self, name: &'static str, value: &Value) -> Cloud {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.variables.insert(name, text);
        self
    }

    /// The same with another section of its configuration.
    pub fn section(self, name: &str, value: &Value) -> Cloud {
        let mut configuration = self.state().configuration.clone();
        configuration[name] = value.clone();
        self.deploy(&configuration);
        self
    }

    /// Deploys a configuration; a text is deployed as it is.
    pub fn deploy(&self, configuration: &Value) {
        let mut state = self.state();
        (state.configuration, state.deployed) = (configuration.clone(), state.deployed + 1);
    }

    /// AppConfig does not answer from now on.
    pub fn silence_configuration(&self) {
        self.state().silent = true;
    }

    /// How often a function read its configuration.
    pub fn looks(&self) -> usize {
        self.state().looks
    }

    /// Runs so many tasks of a service from now on.
    pub fn run(&self, service: &str, tasks: u32) {
        let deployment = json!({
            "id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": "rev-1", "rolloutState": "COMPLETED",
            "runningCount": tasks, "createdAt": 1.7e9,
        });
        let service = json!({
            "serviceName": service, "status": "ACTIVE", "desiredCount": tasks, "runningCount": tasks,
            "taskDefinition": "rev-1", "deployments": [deployment],
        });
        self.state().services = vec![service];
    }

    /// An alarm is in this state since then, with the data of an evaluation.
    pub fn alarm(&self, name: &str, value: &str, since: &str) {
        let state = AlarmState { value: value.to_owned(), since: at(since) };
        self.state().alarms.insert(name.to_owned(), state);
    }

    /// ECS refuses every capacity provider strategy from now on.
    pub fn refuse_strategies(&self) {
        self.state().refuses_strategies = true;
    }

    /// The requests to update a service.
    pub fn updates(&self) -> Vec<Value> {
        self.state().updates.clone()
    }

    /// How many items of the table were written.
    pub fn written(&self) -> usize {
        self.state().written
    }

    /// How often a function was invoked.
    pub fn invocations(&self, function: &str) -> usize {
        self.state().invoked.iter().filter(|invoked| *invoked == function).count()
    }

    /// One invocation of a function in a process of its own, so to speak.
    pub fn invoke<F: Function>(&self, payload: Value, now: &str) -> Result<Value> {
        self.start::<F>(now).unwrap().invoke(payload, now)
    }

    /// Starts a function, which serves several invocations.
    pub fn start<F: Function>(&self, now: &str) -> Result<Process<F>> {
        let env = Env::over(|name| self.variables.get(name).cloned());
        let function = Runtime::<F>::start(&env, &Connection::from_env(&env).unwrap()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(function.init(at(now)))?;
        Ok(Process { function, runtime, cloud: self.clone() })
    }

    /// What is spent of a budget of 500 dollars a month.
    pub fn spend(&self, budget: &str, dollars: &str) {
        self.state().spent.insert(budget.to_owned(), dollars.to_owned());
    }

    /// Does the topic refuse messages from now on?
    pub fn refuse(&self, refuses: bool) {
        self.state().refuses = refuses;
    }

    /// How many messages were published.
    pub fn published(&self) -> usize {
        self.state().published
    }

    /// Does this before the call of that number from here is answered.
    pub fn between(&self, call: usize, what: impl FnOnce() + Send + 'static) {
        let mut state = self.state();
        state.between = Some((state.calls + call, Box::new(what)));
    }

    /// Is there still something to be done before a call?
    pub fn waits(&self) -> bool {
        self.state().between.is_some()
    }

    /// Writes an item as it would be read.
    pub fn put(&self, pk: &str, sk: &str, mut item: Value) {
        (item["pk"], item["sk"]) = (json!({ "S": pk }), json!({ "S": sk }));
        self.state().items.insert((pk.to_owned(), sk.to_owned()), item);
    }

    /// An item of the table, as DynamoDB writes it.
    pub fn item(&self, pk: &str, sk: &str) -> Value {
        self.state().items.get(&(pk.to_owned(), sk.to_owned())).cloned().unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers the calls of one connection.
    fn serve(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        while let Some((head, body)) = read(&mut stream) {
            let between = {
                let mut state = self.state();
                state.calls += usize::from(state.serving);
                let now = state.calls;
                state.between.take_if(|(at, _)| *at == now)
            };
            if let Some((_, what)) = between {
                what();
            }
            if head.starts_with("GET /configuration?") && self.state().silent {
                // Held open and never answered; ends with the process.
                std::thread::park();
            }
            let (status, answer) = match head.contains("/operation/DescribeAlarms ") {
                true => (200, describe_alarms(&self.state().alarms)),
                false => {
                    let (status, answer) = self.state().answer(&head, &body);
                    (status, answer.into_bytes())
                }
            };
            let token = format!("next-poll-configuration-token: {}\r\n", self.state().deployed);
            let protocol = "smithy-protocol: rpc-v2-cbor\r\n";
            let head = format!("HTTP/1.1 {status} .\r\ncontent-length: {}\r\n{protocol}{token}\r\n", answer.len());
            if stream.get_mut().write_all(&[head.as_bytes(), &answer].concat()).is_err() {
                return;
            }
        }
    }
}

impl State {
    fn answer(&mut self, head: &str, body: &str) -> (u16, String) {
        let target = head.lines().find_map(|line| line.strip_prefix("x-amz-target: ")).unwrap_or_default();
        let asked: Value = serde_json::from_str(body).unwrap_or_default();
        let key = |from: &Value| {
            let part = |name: &str| from[name]["S"].as_str().unwrap().to_owned();
            (part("pk"), part("sk"))
        };
        match target.rsplit('.').next().unwrap() {
            "GetItem" => match self.items.get(&key(&asked["Key"])) {
                Some(item) => (200, json!({ "Item": item }).to_string()),
                None => (200, "{}".to_owned()),
            },
            "BatchGetItem" => {
                let keys = asked["RequestItems"]["ledger"]["Keys"].as_array().unwrap();
                let items: Vec<&Value> = keys.iter().filter_map(|wanted| self.items.get(&key(wanted))).collect();
                (200, json!({ "Responses": { "ledger": items }, "UnprocessedKeys": {} }).to_string())
            }
            "Scan" => (200, json!({ "Items": self.items.values().collect::<Vec<_>>() }).to_string()),
            "PutItem" => {
                let (key, item) = (key(&asked["Item"]), &asked["Item"]);
                let known = self.items.get(&key).map(|known| &known["version"]);
                let demanded = asked["ExpressionAttributeValues"].get(":version");
                if known != demanded {
                    return (400, json!({ "__type": "ConditionalCheckFailedException" }).to_string());
                }
                self.items.insert(key, item.clone());
                self.written += 1;
                (200, "{}".to_owned())
            }
            "DescribeBudget" => {
                let name = asked["BudgetName"].as_str().unwrap();
                let usd = |amount: &str| json!({ "Amount": amount, "Unit": "USD" });
                let spent = json!({ "ActualSpend": usd(&self.spent[name]) });
                let budget = json!({ "BudgetName": name, "TimeUnit": "MONTHLY", "BudgetType": "COST", "BudgetLimit": usd("500"), "CalculatedSpend": spent });
                (200, json!({ "Budget": budget }).to_string())
            }
            "DescribeServices" => (200, json!({ "services": self.services, "failures": [] }).to_string()),
            "" if head.starts_with("POST /configurationsessions ") => {
                (201, json!({ "InitialConfigurationToken": "0" }).to_string())
            }
            "" if head.starts_with("GET /configuration?") => {
                self.looks += 1;
                // Its tokens say what was seen.
                let seen = head.split("configuration_token=").nth(1).and_then(|rest| rest.split(['&', ' ']).next());
                let unchanged = seen == Some(self.deployed.to_string().as_str());
                let text = self.configuration.as_str().map_or_else(|| self.configuration.to_string(), str::to_owned);
                (200, if unchanged { String::new() } else { text })
            }
            "UpdateService" => {
                self.updates.push(asked.clone());
                if self.refuses_strategies && asked.get("capacityProviderStrategy").is_some() {
                    return (
                        400,
                        json!({ "__type": "InvalidParameterException", "message": "not associated" }).to_string(),
                    );
                }
                (200, "{}".to_owned())
            }
            "DescribeTaskDefinition" => {
                let revision = json!({ "taskDefinitionArn": "rev-1", "family": "f", "revision": 1, "containerDefinitions": [], "cpu": "256", "memory": "512" });
                (200, json!({ "taskDefinition": revision }).to_string())
            }
            "ListTasks" => {
                let service = self.services.iter().find(|service| service["serviceName"] == asked["serviceName"]);
                let running = service.and_then(|service| service["runningCount"].as_u64()).unwrap_or(0);
                let arns: Vec<String> = (0..running).map(|n| format!("arn:task/prod/{n}")).collect();
                (200, json!({ "taskArns": arns }).to_string())
            }
            "DescribeTasks" => {
                let task =
                    |arn: &Value| json!({ "taskArn": arn, "taskDefinitionArn": "rev-1", "lastStatus": "RUNNING" });
                let tasks: Vec<Value> = asked["tasks"].as_array().unwrap().iter().map(task).collect();
                (200, json!({ "tasks": tasks, "failures": [] }).to_string())
            }
            "DescribeScalableTargets" => (200, json!({ "ScalableTargets": [] }).to_string()),
            "" if head.contains("/invocations") => {
                let function = head.split("/functions/").nth(1).and_then(|rest| rest.split('/').next());
                self.invoked.push(function.unwrap().to_owned());
                (202, String::new())
            }
            "" if body.contains("Action=Publish") && self.refuses => {
                let error = "<Error><Code>AuthorizationError</Code><Message>no</Message></Error>";
                (403, format!("<ErrorResponse>{error}</ErrorResponse>"))
            }
            "" if body.contains("Action=Publish") => {
                self.published += 1;
                let id = "<PublishResult><MessageId>1</MessageId></PublishResult>";
                (200, format!("<PublishResponse>{id}</PublishResponse>"))
            }
            other => panic!("nothing answers `{other}`: {head}"),
        }
    }
}

/// The answer of CloudWatch: every alarm, whichever was asked for.
fn describe_alarms(alarms: &BTreeMap<String, AlarmState>) -> Vec<u8> {
    let mut answer = Encoder::new(Vec::new());
    answer.map(1).str("MetricAlarms").array(alarms.len());
    for (name, AlarmState { value, since }) in alarms {
        answer.map(4).str("AlarmName").str(name).str("StateValue").str(value);
        answer.str("StateReasonData").str(r#"{"queryDate":"2026-11-21T10:00:00.000+0000"}"#);
        answer.str("StateTransitionedTimestamp").timestamp(&DateTime::from_secs(since.as_second()));
    }
    answer.into_writer()
}

/// Head and body of the next request; header names in lower case, as the SDK sends them.
fn read(stream: &mut impl BufRead) -> Option<(String, String)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    stream.read_exact(&mut body).ok()?;
    // What CloudWatch is asked is no text.
    Some((head, String::from_utf8_lossy(&body).into_owned()))
}
