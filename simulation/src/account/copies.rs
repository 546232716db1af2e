//! A large fleet: copies of the system's services, with all that belongs to each.

use ::tests::template::text;
use serde_json::Value;

use super::{Account, Resource};

/// What belongs to one service.
const OF_A_SERVICE: [&str; 7] = [
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::ECR::Repository",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::AlarmMuteRule",
];

/// Of which services a fleet is made, and what they share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fleet {
    /// Every service of the system in turn, each with its own repository.
    Mixed,
    /// Copies of the last one alone, of which so many follow its repository.
    Alike {
        /// How many.
        one_image: usize,
    },
}

/// A copy: of which service, its name, and whether it follows the repository of the first.
struct Copy {
    of: String,
    name: String,
    one_image: bool,
}

impl Account {
    /// Replaces the services by `count` copies of them. The first of each has the name that it had.
    ///
    /// # Panics
    /// When the configuration is not what the templates deploy.
    pub fn grow(&mut self, count: usize, fleet: Fleet) {
        let mut names = self.services();
        names.reverse();
        let kinds = if fleet == Fleet::Mixed { names.len() } else { 1 };
        let copy = |number: usize| {
            let of = names[number % kinds].clone();
            let name = if number < kinds { of.clone() } else { format!("{of}-{number}") };
            Copy { of, name, one_image: matches!(fleet, Fleet::Alike { one_image } if number < one_image) }
        };
        let copies: Vec<Copy> = (0..count).map(copy).collect();
        self.copy(&names, &copies);
        // Policies name the services' resources; those of the copies begin with the same name.
        self.widen(|arn| {
            let name = names.iter().find(|name| arn.contains(name.as_str()));
            vec![name.map_or(arn.to_owned(), |name| arn.replace(name.as_str(), &format!("{name}*")))]
        });
    }

    /// Adds so many services like the last one, each with a name that is in no other's. What the templates deploy later has them too.
    ///
    /// # Panics
    /// When the configuration is not what the templates deploy.
    pub fn add(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        let names = self.services();
        let last = names.last().expect("a service").clone();
        let own = names.iter().map(|name| Copy { of: name.clone(), name: name.clone(), one_image: false });
        let more = added(count).into_iter().map(|name| Copy { of: last.clone(), name, one_image: false });
        let copies: Vec<Copy> = own.chain(more).collect();
        self.copy(&names, &copies);
        self.widen(|arn| {
            let of = |copy: &&Copy| copy.of == last && arn.contains(&last);
            let own: Vec<String> = copies.iter().filter(of).map(|copy| copy.rename(arn)).collect();
            if own.is_empty() { vec![arn.to_owned()] } else { own }
        });
        self.added = count;
    }

    fn copy(&mut self, names: &[String], copies: &[Copy]) {
        for kind in OF_A_SERVICE {
            let all = self.resources.remove(kind).unwrap_or_default();
            let all = all.into_iter().flat_map(|resource| resource.copied(names, copies)).collect();
            self.resources.insert(kind.to_owned(), all);
        }
        let mut configuration: Value = serde_json::from_str(&self.configuration()).expect("a JSON configuration");
        for (list, name) in [("/fleet/services", "name"), ("/alarms/alarms", "service")] {
            let list = configuration.pointer_mut(list).and_then(Value::as_array_mut).expect("a list");
            *list = list.iter().flat_map(|one| copied_by(one, one[name].as_str(), copies)).collect();
        }
        for (number, service) in
            configuration["fleet"]["services"].as_array_mut().expect("services").iter_mut().enumerate()
        {
            if copies[number].shares() {
                let image = &mut service["images"][0];
                for tag in ["live", "previous"] {
                    image[tag] = copies[number].tag(tag).into();
                }
            }
        }
        let known = |name: &String| copies.iter().any(|copy| copy.name == *name);
        configuration["alarms"]["logs"].as_object_mut().expect("log groups").retain(|name, _| known(name));
        for tier in configuration["budgets"].as_array_mut().expect("budgets").iter_mut() {
            for tier in tier["tiers"].as_array_mut().expect("tiers") {
                tier["services"].as_object_mut().expect("services").retain(|name, _| known(name));
            }
        }
        let versions = self.resources.get_mut("AWS::AppConfig::HostedConfigurationVersion").expect("a configuration");
        versions[0].properties["Content"] = configuration.to_string().into();
    }

    /// Changes the resources that the functions' policies name.
    fn widen(&mut self, wide: impl Fn(&str) -> Vec<String>) {
        for statement in self.functions.values_mut().flat_map(|function| &mut function.statements) {
            let resources = ::tests::template::list(&statement["Resource"]);
            statement["Resource"] = resources.iter().flat_map(|arn| wide(&text(arn))).collect();
        }
    }
}

/// Names of added services.
pub fn added(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("indexer-{number:02}")).collect()
}

impl Resource {
    fn copied(self, names: &[String], copies: &[Copy]) -> Vec<Resource> {
        let properties = self.properties.to_string();
        // One service may know the address of another.
        let found = [&self.reference, &properties]
            .into_iter()
            .find_map(|text| names.iter().find(|name| text.contains(name.as_str())));
        let Some(of) = found else { return vec![self] };
        let repository = self.properties.get("RepositoryName").is_some();
        let own = copies
            .iter()
            .enumerate()
            .filter(|(number, copy)| copy.of == *of && !(repository && copy.one_image && *number > 0));
        let copy = |(_, copy): (usize, &Copy)| Resource {
            id: format!("{}{}", self.id, copy.name),
            region: self.region,
            reference: copy.rename(&self.reference),
            properties: copy.renamed(&self.properties),
        };
        own.map(copy).collect()
    }
}

/// An entry of the configuration for every copy of the service that it is about; as it is when it is about none.
fn copied_by(entry: &Value, service: Option<&str>, copies: &[Copy]) -> Vec<Value> {
    let Some(service) = service else { return vec![entry.clone()] };
    let own = copies.iter().filter(|copy| copy.of == service);
    // An alarm that has no service in its name is there once.
    let is_there = |copy: &&Copy| copy.name == service || copy.rename(&text(&entry["name"])) != text(&entry["name"]);
    own.filter(is_there).map(|copy| copy.renamed(entry)).collect()
}

impl Copy {
    fn renamed(&self, value: &Value) -> Value {
        serde_json::from_str(&self.rename(&value.to_string())).expect("JSON with another name")
    }

    fn rename(&self, text: &str) -> String {
        let renamed = text.replace(&self.of, &self.name);
        match self.one_image {
            true => {
                let shared = format!("huskit/{}", self.of);
                let renamed = renamed.replace(&format!("huskit/{}", self.name), &shared);
                renamed.replace(&format!("{shared}:live"), &format!("{shared}:{}", self.tag("live")))
            }
            false => renamed,
        }
    }

    /// Does it follow the repository of another service?
    fn shares(&self) -> bool {
        self.one_image && self.name != self.of
    }

    /// Its own tag on the images of a repository that several follow.
    fn tag(&self, tag: &str) -> String {
        if self.shares() { format!("{tag}-{}", self.name) } else { tag.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alarm_of_the_edge_is_listed_once_in_a_large_fleet() {
        let mut account = Account::huskit(&[]);
        account.grow(6, Fleet::Mixed);
        assert_eq!(account.configuration().matches("huskit-prod-cdn-5xx").count(), 1);
    }

    #[test]
    fn an_added_service_has_all_that_the_last_one_has_under_its_own_name() {
        let plain = Account::huskit(&[]);
        let mut account = plain.clone();
        account.add(1);
        assert_eq!(account.services(), ["website-agent", "crawler", "indexer-01"]);
        for kind in OF_A_SERVICE {
            assert!(account.of_type(kind).len() > plain.of_type(kind).len(), "{kind}");
        }
        let scaling = crate::world::autoscaling::Autoscaling::new(&account);
        let policies = |name: &str| scaling.targets[&format!("service/huskit-prod/{name}")].policies.len();
        assert_eq!(policies("indexer-01"), policies("crawler"));
        assert!(policies("crawler") > 0);
        let rollout = &account.functions["rollout"];
        let allowed = serde_json::to_string(&rollout.statements).unwrap();
        assert!(allowed.contains("repository/huskit/indexer-01"), "{allowed}");
    }
}
