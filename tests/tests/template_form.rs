//! How the templates are written: parameters, conditions, rules, names.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::template::{self, Template, text, walk};

/// Every name that a template refers to: `Ref`, `Condition`, the `${}` of `Fn::Sub`, the first argument of `Fn::If`.
fn names_used(value: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    walk(value, &mut |value| {
        let Some(fields) = value.as_object() else { return };
        for (field, argument) in fields {
            match field.as_str() {
                "Ref" | "Condition" => names.insert(text(argument)),
                "Fn::If" => names.insert(text(&argument[0])),
                "Fn::GetAtt" => names.insert(text(&argument[0])),
                "Fn::Sub" => {
                    let inside = text(argument.get(0).unwrap_or(argument));
                    let found = inside.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
                    names.extend(found.map(|(name, _)| name.split('.').next().unwrap_or(name).to_owned()));
                    false
                }
                _ => false,
            };
        }
    });
    names
}

fn interface(template: &Template) -> Value {
    template.section("Metadata").get("AWS::CloudFormation::Interface").cloned().unwrap_or_default()
}

#[test]
fn sections_stand_in_the_same_order_everywhere() {
    let order = ["AWSTemplateFormatVersion", "Transform", "Description", "Metadata", "Parameters", "Rules", "Mappings"];
    let order: Vec<&str> = order.into_iter().chain(["Conditions", "Globals", "Resources", "Outputs"]).collect();
    for template in template::all() {
        let sections = template.body.as_object().unwrap().keys();
        let places: Vec<usize> =
            sections.map(|own| order.iter().position(|name| name == own).unwrap_or_else(|| panic!("{own}"))).collect();
        assert!(places.is_sorted(), "{}: sections {places:?} of {order:?}", template.path);
    }
}

#[test]
fn every_parameter_is_described_grouped_and_labelled() {
    for template in template::all() {
        let interface = interface(&template);
        if template.section("Parameters").is_empty() {
            assert!(interface.is_null(), "{}: a form without parameters", template.path);
            continue;
        }
        let groups = interface["ParameterGroups"].as_array().unwrap();
        let grouped: Vec<String> = groups.iter().flat_map(|g| g["Parameters"].as_array().unwrap()).map(text).collect();
        let declared: Vec<String> = template.section("Parameters").keys().cloned().collect();
        let mut sorted = (grouped.clone(), declared.clone());
        sorted.0.sort();
        sorted.1.sort();
        assert_eq!(sorted.0, sorted.1, "{}: parameters in groups, each once", template.path);
        let labelled: BTreeSet<_> = interface["ParameterLabels"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(labelled, declared.iter().cloned().collect(), "{}: labels", template.path);
        for (name, parameter) in template.section("Parameters") {
            let description = parameter["Description"].as_str().unwrap_or_default();
            assert!(description.ends_with('.') && description.len() > 20, "{}: {name}: {description}", template.path);
        }
    }
}

/// What people deploy has defaults, so that it can be deployed without a word; what is nested is given everything that has none.
#[test]
fn what_people_deploy_has_a_default_for_everything() {
    for template in template::roots() {
        for (name, parameter) in template.section("Parameters") {
            // Where the runbooks of other services are is not known here.
            let asked = template.path == "infra/existing/template.yaml" && name == "RunbooksUrl";
            assert!(parameter.get("Default").is_some() != asked, "{}: {name}", template.path);
        }
    }
}

#[test]
fn a_pattern_is_explained_in_the_users_words() {
    for template in template::all() {
        for (name, parameter) in template.section("Parameters") {
            let (pattern, constraint) = (parameter.get("AllowedPattern"), parameter.get("ConstraintDescription"));
            assert_eq!(pattern.is_some(), constraint.is_some(), "{}: {name}", template.path);
            let free = parameter["Type"] == "String" && parameter.get("AllowedValues").is_none();
            assert!(!free || pattern.is_some(), "{}: {name} takes anything", template.path);
        }
    }
}

#[test]
fn toggles_say_true_or_false() {
    for template in template::all() {
        for (name, parameter) in template.section("Parameters") {
            let values: Vec<String> = template::list(&parameter["AllowedValues"]).iter().map(text).collect();
            let toggle = values.len() == 2 && values.iter().any(|v| ["true", "yes", "on"].contains(&v.as_str()));
            assert!(!toggle || values == ["true", "false"], "{}: {name}: {values:?}", template.path);
        }
    }
}

#[test]
fn every_parameter_and_condition_is_used_and_every_optional_text_has_one_condition() {
    for template in template::all() {
        let mut places = template.body.as_object().unwrap().clone();
        places.remove("Metadata");
        // A rule checks a parameter; it does not use it.
        let rules = places.remove("Rules").unwrap_or_default();
        let conditions = places.get("Conditions").cloned().unwrap_or_default();
        let used = names_used(&Value::Object(places));
        for name in template.section("Parameters").keys().chain(template.section("Conditions").keys()) {
            assert!(used.contains(name), "{}: {name} is used nowhere", template.path);
        }
        let rules = names_used(&rules);
        let known = |name: &String| name.starts_with("AWS::") || template.section("Parameters").contains_key(name);
        assert!(rules.iter().all(known), "{rules:?}");
        for (name, parameter) in template.section("Parameters") {
            if parameter["Default"] != "" || !used.contains(&name) {
                continue;
            }
            let on_it =
                template.section("Conditions").into_iter().filter(|(_, c)| names_used(c).contains(&name)).count();
            assert!(on_it <= 1, "{}: {on_it} conditions on {name}: {conditions}", template.path);
        }
    }
}

#[test]
fn a_parameter_that_is_handed_down_is_the_same_below() {
    for above in template::all() {
        for (id, stack) in above.of_type("AWS::CloudFormation::Stack") {
            let below = above.nested(&text(&stack["TemplateURL"])).section("Parameters");
            for (name, value) in stack["Parameters"].as_object().into_iter().flatten() {
                let below = below.get(name).unwrap_or_else(|| panic!("{}: {id} has no parameter {name}", above.path));
                if value["Ref"] != name.as_str() {
                    continue;
                }
                let Some(own) = above.section("Parameters").get(name).cloned() else { continue };
                for field in ["Type", "AllowedValues", "MinValue"] {
                    assert_eq!(own.get(field), below.get(field), "{}: {id}: {name}: {field}", above.path);
                }
                let default = below.get("Default").is_none() || own.get("Default") == below.get("Default");
                assert!(default, "{}: {id}: {name}: Default", above.path);
                // What is optional above and needed below is asked for only where it is given.
                let (own, below) = (text(&own["AllowedPattern"]), text(&below["AllowedPattern"]));
                assert!(own == below || id == "GitHub" && name == "GitHubOwner", "{}: {id}: {name}", above.path);
            }
            for (name, parameter) in below {
                let given = stack["Parameters"].get(&name).is_some();
                assert!(given || parameter.get("Default").is_some(), "{}: {id} does not give {name}", above.path);
            }
        }
    }
}

#[test]
fn what_systems_share_names_no_system() {
    let shared = |path: &str| path.starts_with("infra/automation/") || path.starts_with("infra/parts/");
    for template in template::all().into_iter().filter(|template| shared(template.path)) {
        for (number, line) in template.text.lines().enumerate() {
            let line = line.to_lowercase();
            let named =
                ["huskit", "website-agent", "website_agent", "crawler"].iter().find(|name| line.contains(**name));
            assert!(named.is_none(), "{}:{}: {line}", template.path, number + 1);
        }
    }
}

/// The root of a system nests base, system and functions, and every folder of `infra/` is reached from a root.
#[test]
fn every_template_is_reached_from_a_root() {
    let mut open: Vec<Template> = template::roots();
    let mut reached = BTreeSet::new();
    while let Some(template) = open.pop() {
        for (_, stack) in template.of_type("AWS::CloudFormation::Stack") {
            open.push(template.nested(&text(&stack["TemplateURL"])));
        }
        reached.insert(template.path);
    }
    assert_eq!(reached, template::all().iter().map(|template| template.path).collect());
}

#[test]
fn partitions_and_accounts_are_never_written_out() {
    for template in template::all() {
        for (number, line) in template.text.lines().enumerate() {
            let line = line.split(" # ").next().unwrap_or_default();
            let pattern = line.contains("AllowedPattern") || line.contains("arn:aws[a-z-]*");
            assert!(pattern || !line.contains("arn:aws:"), "{}:{}: {line}", template.path, number + 1);
        }
    }
}

#[test]
fn every_output_is_described() {
    for template in template::all() {
        for (name, output) in template.section("Outputs") {
            assert!(output["Description"].as_str().is_some_and(|text| text.len() > 10), "{}: {name}", template.path);
        }
    }
}

#[test]
fn what_a_checker_has_to_skip_has_its_reason_beside_it() {
    for template in template::all() {
        let lines: Vec<&str> = template.text.lines().collect();
        for (id, resource) in template.section("Resources") {
            for skip in template::list(&resource["Metadata"]["checkov"]["skip"]) {
                let reason = skip["comment"].as_str().unwrap_or_default();
                assert!(reason.len() > 20 && reason.ends_with('.'), "{}: {id}: {skip}", template.path);
            }
        }
        assert!(template.section("Metadata").get("cfn-lint").is_none(), "{}: a blanket ignore", template.path);
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.contains("ignore_checks")) {
            let reason = lines[at - 1].trim().starts_with('#');
            assert!(reason, "{}:{}: {line}", template.path, at + 1);
        }
    }
}
