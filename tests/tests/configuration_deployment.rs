//! How the configuration is deployed: once for each root, after everything else, and at once.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::template::{self, Template, list, text, walk};

const CONFIGURATION: &str = "infra/automation/configuration.yaml";

/// Resources that one refers to or depends on, and those below them.
fn waits_for(template: &Template, id: &str, found: &mut BTreeSet<String>) {
    let resource = template.resource(id);
    let mut names: Vec<String> = list(&resource["DependsOn"]).iter().map(text).collect();
    walk(&resource["Properties"], &mut |value| {
        names.extend(value.get("Ref").map(text));
        names.extend(value.get("Fn::GetAtt").map(|path| text(&path[0])));
    });
    let resources = template.section("Resources");
    for name in names.into_iter().filter(|name| resources.contains_key(name)) {
        if found.insert(name.clone()) {
            waits_for(template, &name, found);
        }
    }
}

/// CloudFormation does not undo the deployment when something fails after it.
#[test]
fn every_root_deploys_it_once_and_last() {
    let mut roots = 0;
    for root in template::roots() {
        let stacks = root.of_type("AWS::CloudFormation::Stack");
        if !stacks.iter().any(|(_, stack)| text(&stack["TemplateURL"]).ends_with("automation/base.yaml")) {
            continue;
        }
        roots += 1;
        let deployments = root.of_type("AWS::AppConfig::Deployment");
        let [(id, properties)] = &deployments[..] else { panic!("{}: {deployments:?}", root.path) };
        let mut before = BTreeSet::new();
        waits_for(&root, id, &mut before);
        let others: BTreeSet<String> = root.section("Resources").keys().filter(|name| *name != id).cloned().collect();
        assert_eq!(before, others, "{}: all others come before it, and none waits for it", root.path);
        for (name, output) in [
            ("ApplicationId", "ConfigurationApplicationId"),
            ("EnvironmentId", "ConfigurationEnvironmentId"),
            ("ConfigurationProfileId", "ConfigurationProfileId"),
            ("DeploymentStrategyId", "ConfigurationStrategyId"),
        ] {
            assert_eq!(properties[name], json!({"Fn::GetAtt": ["BaseStack", format!("Outputs.{output}")]}), "{name}");
        }
        assert_eq!(properties["ConfigurationVersion"]["Fn::GetAtt"][1], "Outputs.ConfigurationVersion");
    }
    assert_eq!(roots, 2);
}

#[test]
fn it_is_deployed_at_once_and_the_next_one_need_not_wait() {
    let strategy = Template::load(CONFIGURATION).properties("ConfigurationStrategy");
    let settings = ["DeploymentDurationInMinutes", "GrowthFactor", "FinalBakeTimeInMinutes", "ReplicateTo"];
    assert_eq!(settings.map(|name| strategy[name].clone()), [json!(0), json!(100), json!(0), json!("NONE")]);
}

/// The functions read it until they are deleted, and a profile that has a version cannot be.
#[test]
fn it_does_not_keep_the_stack_from_being_deleted() {
    let template = Template::load(CONFIGURATION);
    for id in ["ConfigurationEnvironment", "ConfigurationProfile"] {
        assert_eq!(template.properties(id)["DeletionProtectionCheck"], "BYPASS", "{id}");
    }
    for template in template::all() {
        for (id, _) in template.of_type("AWS::AppConfig::HostedConfigurationVersion") {
            let resource = template.resource(&id);
            let kept = [&resource["DeletionPolicy"], &resource["UpdateReplacePolicy"]];
            assert_eq!(kept, [&Value::Null, &Value::Null], "{}: {id}: versions would stay", template.path);
        }
    }
}
