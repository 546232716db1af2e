//! Who reaches whom through security groups.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::resolve::Deployed;
use crate::template::text;

/// One way in: from where, to which group, by which ports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// A range, a prefix list or a group.
    pub from: String,
    /// The logical id of the group that is entered.
    pub to: String,
    /// `tcp 443`, `tcp 1-9`, or `all`.
    pub ports: String,
}

impl Way {
    /// Ports `from` may reach on `to`: `443`, `8000-8080`.
    pub fn new(from: &str, to: &str, ports: &str) -> Way {
        Way { from: from.into(), to: to.into(), ports: ports.into() }
    }
}

/// Every way in that a template opens, written inline or as a resource of its own.
pub fn ways_in(deployed: &Deployed) -> BTreeSet<Way> {
    let mut ways = BTreeSet::new();
    for (id, resource) in deployed.template().section("Resources") {
        if resource.get("Condition").and_then(Value::as_str).is_some_and(|condition| !deployed.holds(condition)) {
            continue;
        }
        let properties = deployed.resolve(&resource["Properties"]);
        match resource["Type"].as_str().expect("a type") {
            "AWS::EC2::SecurityGroup" => {
                let rules = properties["SecurityGroupIngress"].as_array().cloned().unwrap_or_default();
                ways.extend(rules.iter().map(|rule| way(rule, &format!("<{id}>"))));
            }
            "AWS::EC2::SecurityGroupIngress" => {
                ways.insert(way(&properties, &text(&properties["GroupId"])));
            }
            _ => {}
        }
    }
    ways
}

fn way(rule: &Value, to: &str) -> Way {
    let sources = ["CidrIp", "CidrIpv6", "SourceSecurityGroupId", "SourcePrefixListId"];
    let from = sources.iter().find_map(|source| rule.get(source)).expect("a rule has a source");
    let bare = |name: &str| {
        let name = name.trim_matches(['<', '>']);
        name.strip_suffix(".GroupId").unwrap_or(name).to_owned()
    };
    let ports = match (&rule["FromPort"], &rule["ToPort"]) {
        (Value::Null, _) => "all".to_owned(),
        (from, to) if from == to => format!("{} {from}", text(&rule["IpProtocol"])),
        (from, to) => format!("{} {from}-{to}", text(&rule["IpProtocol"])),
    };
    Way { from: bare(&text(from)), to: bare(to), ports }
}
