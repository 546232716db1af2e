//! The configuration in AWS AppConfig: the templates alone on an empty local cloud, without functions.

use serde_json::{Value, json};
use tests::template::Template;
use xtask::client::CallError;
use xtask::cloud::Cloud;
use xtask::tools::Tools;

/// A cloud with application, environment, profile and strategy, and their ids.
struct Scenario {
    cloud: Cloud,
    ids: Value,
}

impl Scenario {
    fn start() -> Scenario {
        let cloud = Cloud::start_empty(&Tools::prepare().expect("the tools")).expect("a local cloud");
        let mut scenario = Scenario { cloud, ids: json!({}) };
        let template = Template::load("infra/automation/configuration.yaml");
        let status = scenario.create("configuration", &template.body, &json!({"AutomationName": "shop"}));
        assert_eq!(status, "CREATE_COMPLETE");
        scenario.ids = scenario.stack("configuration")["Outputs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|output| (output["OutputKey"].as_str().unwrap().to_owned(), output["OutputValue"].clone()))
            .collect::<serde_json::Map<String, Value>>()
            .into();
        scenario
    }

    fn id(&self, kind: &str) -> &Value {
        &self.ids[format!("Configuration{kind}Id")]
    }

    /// Creates a stack, or updates it; what became of it.
    fn create(&self, name: &str, template: &Value, parameters: &Value) -> String {
        self.change("create_stack", name, template, parameters)
    }

    fn change(&self, operation: &str, name: &str, template: &Value, parameters: &Value) -> String {
        let given = parameters.as_object().unwrap().iter();
        let parameters: Value =
            given.map(|(name, value)| json!({"ParameterKey": name, "ParameterValue": value})).collect();
        let request = json!({
            "StackName": name, "TemplateBody": template.to_string(), "Parameters": parameters,
            "Capabilities": ["CAPABILITY_AUTO_EXPAND"],
        });
        self.cloud.client.call("cloudformation", operation, request).unwrap();
        loop {
            let status = self.stack(name)["StackStatus"].as_str().unwrap().to_owned();
            if !status.ends_with("_IN_PROGRESS") {
                return status;
            }
        }
    }

    fn stack(&self, name: &str) -> Value {
        let asked = json!({"StackName": name});
        self.cloud.client.call("cloudformation", "describe_stacks", asked).unwrap()["Stacks"][0].take()
    }

    /// `documents.yaml` of existing services, changed, with the deployment that the root has.
    fn documents(&self, change: impl FnOnce(&mut Value)) -> Value {
        let mut template = Template::load("infra/existing/documents.yaml").body;
        change(&mut template["Resources"]["ConfigurationVersion"]["Properties"]["Content"]["Fn::ToJsonString"]);
        let deployment = Template::load("infra/existing/template.yaml").properties("ConfigurationDeployment");
        let mut properties = json!({"ConfigurationVersion": {"Ref": "ConfigurationVersion"}});
        for name in deployment.as_object().unwrap().keys().filter(|name| *name != "ConfigurationVersion") {
            let kind = name.trim_start_matches("Configuration").trim_start_matches("Deployment").trim_end_matches("Id");
            properties[name] = self.id(kind).clone();
        }
        let resource = json!({"Type": "AWS::AppConfig::Deployment", "Properties": properties});
        template["Resources"]["ConfigurationDeployment"] = resource;
        template
    }

    fn parameters(&self) -> Value {
        json!({
            "ConfigurationApplicationId": self.id("Application"), "ConfigurationProfileId": self.id("Profile"),
        })
    }

    fn session(&self) -> Value {
        let asked = json!({
            "ApplicationIdentifier": self.id("Application"), "EnvironmentIdentifier": self.id("Environment"),
            "ConfigurationProfileIdentifier": self.id("Profile"),
        });
        let mut answer = self.cloud.client.call("appconfigdata", "start_configuration_session", asked).unwrap();
        answer["InitialConfigurationToken"].take()
    }

    /// What a token reads, and the token after it.
    fn read(&self, token: &Value) -> Result<(String, Value), CallError> {
        let asked = json!({"ConfigurationToken": token});
        let answer = self.cloud.client.call("appconfigdata", "get_latest_configuration", asked)?;
        let text = answer["Configuration"].as_str().unwrap_or_default().to_owned();
        Ok((text, answer["NextPollConfigurationToken"].clone()))
    }

    /// The system that the deployed configuration names.
    fn system(&self) -> String {
        let (text, _) = self.read(&self.session()).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["fleet"]["system"].as_str().unwrap().to_owned()
    }

    fn control(&self, operation: &str, mut more: Value) -> Result<Value, CallError> {
        more["ApplicationId"] = self.id("Application").clone();
        self.cloud.client.call("appconfig", operation, more)
    }

    fn versions(&self) -> Vec<u64> {
        let asked = json!({"ConfigurationProfileId": self.id("Profile")});
        let listed = self.control("list_hosted_configuration_versions", asked).unwrap();
        listed["Items"].as_array().unwrap().iter().map(|item| item["VersionNumber"].as_u64().unwrap()).collect()
    }

    fn deployments(&self) -> Vec<u64> {
        let listed = self.control("list_deployments", json!({"EnvironmentId": self.id("Environment")})).unwrap();
        listed["Items"].as_array().unwrap().iter().map(|item| item["DeploymentNumber"].as_u64().unwrap()).collect()
    }
}

#[test]
fn a_configuration_is_deployed_replaced_and_reverted() {
    let scenario = Scenario::start();
    assert_eq!(
        scenario.read(&scenario.session()).unwrap_err().code,
        "ResourceNotFoundException",
        "nothing is deployed"
    );

    let named = |name: &'static str| scenario.documents(|content| content["fleet"]["system"] = name.into());
    assert_eq!(scenario.create("documents", &named("one"), &scenario.parameters()), "CREATE_COMPLETE");
    let token = scenario.session();
    let (first, next) = scenario.read(&token).unwrap();
    assert!(first.contains(r#""system":"one""#), "{first}");
    assert_eq!(scenario.read(&token).unwrap_err().code, "BadRequestException", "a token is good for one call");
    let (unchanged, next) = scenario.read(&next).unwrap();
    assert_eq!(unchanged, "");

    assert_eq!(scenario.change("update_stack", "documents", &named("two"), &scenario.parameters()), "UPDATE_COMPLETE");
    assert!(scenario.read(&next).unwrap().0.contains(r#""system":"two""#), "a session sees what is new");
    assert_eq!((scenario.versions(), scenario.deployments()), (vec![2], vec![2, 1]), "the version before is deleted");

    let last = || json!({"EnvironmentId": scenario.id("Environment"), "DeploymentNumber": 2});
    assert_eq!(scenario.control("stop_deployment", last()).unwrap_err().code, "BadRequestException");
    let mut revert = last();
    revert["AllowRevert"] = true.into();
    assert_eq!(scenario.control("stop_deployment", revert).unwrap()["State"], "REVERTED");
    assert_eq!(scenario.system(), "one", "what was deployed before, although its version is deleted");

    assert_eq!(
        scenario.change("update_stack", "documents", &named("three"), &scenario.parameters()),
        "UPDATE_COMPLETE"
    );
    assert_eq!((scenario.versions(), scenario.deployments()), (vec![3], vec![3, 2, 1]), "no number is given twice");
    let profile = || json!({"ConfigurationProfileId": scenario.id("Profile")});
    let refused = scenario.control("delete_configuration_profile", profile()).unwrap_err();
    assert!(refused.message.contains("there are still hosted configuration versions"), "{refused}");

    // What uninstalls does: the version goes with its stack, and then the profile can.
    scenario.cloud.client.call("cloudformation", "delete_stack", json!({"StackName": "documents"})).unwrap();
    while !scenario.versions().is_empty() {}
    assert_eq!(scenario.system(), "three", "deleting the deployment's resource takes nothing back");
    scenario.control("delete_configuration_profile", profile()).unwrap();
}

#[test]
fn a_mistake_in_the_documents_fails_the_stack_and_names_its_path() {
    let scenario = Scenario::start();
    let mistaken = scenario.documents(|content| content["fleet"]["services"][0]["baseline"]["min"] = "one".into());
    assert_eq!(scenario.create("documents", &mistaken, &scenario.parameters()), "ROLLBACK_COMPLETE");
    let events = json!({"StackName": "documents"});
    let events = scenario.cloud.client.call("cloudformation", "describe_stack_events", events).unwrap();
    let reasons: Vec<&str> = events["StackEvents"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["LogicalResourceId"] == "ConfigurationVersion")
        .filter_map(|event| event["ResourceStatusReason"].as_str())
        .collect();
    let named = |reason: &&str| reason.contains("#/fleet/services/0/baseline/min") && reason.contains("BadRequest");
    assert!(reasons.iter().any(named), "{reasons:?}");
    assert_eq!((scenario.versions(), scenario.deployments()), (vec![], vec![]));
}
