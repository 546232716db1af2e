//! What happens, once, from an empty cloud to an empty cloud.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::{Value, json};
use xtask::client::{Access, Client};
use xtask::cloud::{Cloud, architecture, stack as root_stack};
use xtask::deploy::manual_steps::{self, Facts};
use xtask::deploy::{Args, Place, deploy, samconfig, stack};
use xtask::tools::{Tools, root};

use super::seen::Seen;
use super::{CLUSTER, CRAWLER, EDGE, WEBSITE};

/// Every moment that a test is about.
pub struct History {
    /// What `cargo xtask deploy --plan` said on the empty cloud, and what was there afterwards.
    pub empty_plan: (Output, Seen),
    /// After the first deploy, and what was left to do.
    pub created: (Seen, Facts),
    /// Images were pushed, a secret filled in, a service scaled by hand, and the crawler held and moved from Spot.
    pub running: Seen,
    /// After a plan with a changed template.
    pub planned: Seen,
    /// Right after the update with the changed template, before anybody reacts.
    pub updated: Seen,
    /// Once its deployment has ended and the automation has seen it, a tick later; what is left to do then.
    pub settled: (Seen, Facts),
    /// After both stacks were deleted.
    pub deleted: Seen,
}

/// The history, played by the first test that asks.
pub fn history() -> &'static History {
    static HISTORY: OnceLock<Result<History, String>> = OnceLock::new();
    let played =
        HISTORY.get_or_init(|| std::panic::catch_unwind(play).map_err(|_| "it broke off; see above".to_owned()));
    played.as_ref().expect("the history")
}

fn play() -> History {
    let scenario = Scenario::start();
    let empty_plan = (scenario.plan_from_the_command_line(), scenario.look());

    scenario.deploy(false);
    let created = (scenario.look(), scenario.left_to_do(true));

    for (repository, version) in [("huskit/website-agent", "1.0"), ("huskit/crawler", "1.0")] {
        let image = scenario.cloud.push(repository, "latest", version, None).unwrap();
        scenario.cloud.deliver(&scenario.cloud.push_event(&image)).unwrap();
        scenario.cloud.settle().unwrap();
    }
    scenario.scale(WEBSITE, 4);
    scenario.reconcile();
    scenario.request(&json!({"action": "hold", "service": CRAWLER, "until": "2h", "by": "anna"}));
    scenario.move_to_on_demand(CRAWLER);
    scenario.fill("huskit/prod/crawler");
    let running = scenario.look();

    scenario.change_environment();
    scenario.deploy(true);
    let planned = scenario.look();

    scenario.deploy(false);
    let updated = scenario.look();
    scenario.tell_of_update();
    scenario.request(&json!({"action": "resume", "service": CRAWLER, "by": "anna"}));
    scenario.cloud.settle().unwrap();
    scenario.reconcile();
    let settled = (scenario.look(), scenario.left_to_do(false));

    scenario.delete(&root_stack().unwrap(), &scenario.cloud.client);
    scenario.delete(EDGE, &scenario.edge);
    History { empty_plan, created, running, planned, updated, settled, deleted: scenario.look() }
}

struct Scenario {
    tools: Tools,
    cloud: Cloud,
    edge: Client,
    place: Place,
}

impl Scenario {
    fn start() -> Scenario {
        let tools = Tools::prepare().expect("the tools");
        let cloud = Cloud::start_empty(&tools).expect("a local cloud");
        let access = Access::Local(cloud.address.clone());
        let edge = Client::of(&tools, &access, "us-east-1").unwrap();
        Scenario { tools, cloud, edge, place: Place { templates: templates("huskit"), access } }
    }

    fn look(&self) -> Seen {
        Seen::now(&self.cloud, &self.edge)
    }

    fn parameters() -> Vec<String> {
        // The architecture of this machine, regardless of the stage's; and the history goes the same way by day and by night.
        vec![format!("Architecture={}", architecture().unwrap()), "DowntimeEnabled=false".to_owned()]
    }

    fn deploy(&self, plan: bool) {
        let args = Args { stage: "prod".to_owned(), plan, parameters: Scenario::parameters() };
        deploy(&self.tools, &self.place, &args).unwrap_or_else(|error| panic!("{error:#}"));
    }

    /// As an engineer runs it, with the repository's own templates.
    fn plan_from_the_command_line(&self) -> Output {
        let mut command = Command::new(env!("CARGO"));
        command.current_dir(root()).args(["xtask", "deploy", "--stage", "prod", "--plan"]);
        command.args(Scenario::parameters().iter().flat_map(|parameter| ["--parameter", parameter]));
        xtask::process::forget_cargo(&mut command);
        self.place.access.lend(&mut command, "eu-central-1");
        command.output().unwrap()
    }

    fn left_to_do(&self, first: bool) -> Facts {
        let config = fs::read_to_string(self.place.templates.join("samconfig.toml")).unwrap();
        let stage = samconfig::read(&config, "prod").unwrap();
        let there = stack::read(&self.cloud.client, &stage.main).unwrap().expect("the main stack");
        manual_steps::find(&self.cloud.client, &there, &stage.main.parameters, &stage.main.region, first).unwrap()
    }

    /// As scaling does.
    fn scale(&self, service: &str, desired: u64) {
        let update = json!({"cluster": CLUSTER, "service": service, "desiredCount": desired});
        self.cloud.client.call("ecs", "update_service", update).unwrap();
        self.cloud.settle().unwrap();
    }

    fn request(&self, request: &Value) {
        let answer = self.cloud.invoke_function("CapacityFunction", request).unwrap().answer;
        answer.unwrap_or_else(|error| panic!("{error}"));
    }

    /// As an engineer does.
    fn move_to_on_demand(&self, service: &str) {
        let strategy = json!([{"capacityProvider": "FARGATE", "weight": 1}]);
        let update = json!({"cluster": CLUSTER, "service": service, "capacityProviderStrategy": strategy, "forceNewDeployment": true});
        self.cloud.client.call("ecs", "update_service", update).unwrap();
        self.cloud.settle().unwrap();
    }

    /// A tick: capacity is brought where it should be, the crawler to Spot.
    fn reconcile(&self) {
        self.request(&json!({"action": "reconcile"}));
        self.cloud.settle().unwrap();
    }

    /// An engineer fills in every key of a secret.
    fn fill(&self, secret: &str) {
        let form = self.cloud.client.call("secretsmanager", "get_secret_value", json!({"SecretId": secret})).unwrap();
        let mut form: Value = serde_json::from_str(form["SecretString"].as_str().unwrap()).unwrap();
        form.as_object_mut().unwrap().values_mut().for_each(|value| *value = "filled in".into());
        let filled = json!({"SecretId": secret, "SecretString": form.to_string()});
        self.cloud.client.call("secretsmanager", "put_secret_value", filled).unwrap();
    }

    fn change_environment(&self) {
        let path = self.place.templates.join("infra/huskit/services.yaml");
        let text = fs::read_to_string(&path).unwrap();
        let changed = text.replace("{Name: VITE_LOG_LEVEL, Value: info}", "{Name: VITE_LOG_LEVEL, Value: debug}");
        assert_ne!(text, changed, "website-agent has no VITE_LOG_LEVEL to change");
        fs::write(path, changed).unwrap();
    }

    /// CloudFormation's event of the update of the stack with the services.
    fn tell_of_update(&self) {
        let stack = self.cloud.resource(&root_stack().unwrap(), "SystemStack").unwrap();
        let detail = json!({"stack-id": stack, "status-details": {"status": "UPDATE_COMPLETE", "status-reason": ""}});
        let event =
            self.cloud.event("aws.cloudformation", "CloudFormation Stack Status Change", json!([stack]), detail);
        self.cloud.deliver(&event).unwrap();
    }

    fn delete(&self, stack: &str, client: &Client) {
        client.call("cloudformation", "delete_stack", json!({"StackName": stack})).unwrap();
        let there = || client.call("cloudformation", "describe_stacks", json!({"StackName": stack})).is_ok();
        // The emulator answers before it has deleted.
        let rounds = (0..600).take_while(|_| there()).count();
        assert!(rounds < 600, "{stack} is still there");
    }
}

/// Copies of the templates and of samconfig.toml, to be changed.
pub fn templates(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scenario_deploy").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for file in ["template.yaml", "samconfig.toml"] {
        fs::copy(root().join(file), folder.join(file)).unwrap();
    }
    copy(&root().join("infra"), &folder.join("infra"));
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        match entry.path() {
            folder if folder.is_dir() => copy(&folder, &to.join(entry.file_name())),
            file => drop(fs::copy(file, to.join(entry.file_name())).unwrap()),
        }
    }
}
