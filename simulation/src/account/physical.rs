//! What resources are called once they are there: what `Ref` and `Fn::GetAtt` return.

use std::collections::BTreeMap;

use serde_json::Value;
use tests::resolve::Deployed;
use tests::template::text;

use super::place::{ACCOUNT, REGION};

/// Names by what stands for them in a resolved template: `<Ledger>`, `<Ledger.Arn>`.
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    pub(super) fn of(stacks: &[Deployed]) -> Names {
        let mut names = Names(BTreeMap::new());
        for stack in stacks {
            for (id, resource) in stack.template().section("Resources") {
                let properties = stack.resolve(&resource["Properties"]);
                names.add(&id, &text(&resource["Type"]), &properties);
            }
        }
        // Some are made of others.
        let made: BTreeMap<String, String> =
            names.0.iter().map(|(stands, name)| (stands.clone(), names.within(name))).collect();
        Names(made)
    }

    fn add(&mut self, id: &str, kind: &str, properties: &Value) {
        let named = |field: &str| properties[field].as_str().map_or_else(|| format!("huskit-prod-{id}"), str::to_owned);
        let arn = |service: &str, rest: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}");
        let (reference, attributes): (String, Vec<(&str, String)>) = match kind {
            "AWS::DynamoDB::Table" => {
                let name = named("TableName");
                (name.clone(), vec![("Arn", arn("dynamodb", &format!("table/{name}")))])
            }
            "AWS::SNS::Topic" => {
                let name = named("TopicName");
                (arn("sns", &name), vec![("TopicName", name)])
            }
            "AWS::SQS::Queue" => {
                let name = named("QueueName");
                let url = format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}");
                (url, vec![("Arn", arn("sqs", &name)), ("QueueName", name)])
            }
            "AWS::ECR::Repository" => {
                let name = named("RepositoryName");
                let uri = format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{name}");
                (name.clone(), vec![("Arn", arn("ecr", &format!("repository/{name}"))), ("RepositoryUri", uri)])
            }
            "AWS::ECS::TaskDefinition" => (arn("ecs", &format!("task-definition/{}:1", named("Family"))), vec![]),
            "AWS::ECS::Service" => {
                let name = named("ServiceName");
                (arn("ecs", &format!("service/{}/{name}", named("Cluster"))), vec![("Name", name)])
            }
            "AWS::ECS::Cluster" => {
                let name = named("ClusterName");
                (name.clone(), vec![("Arn", arn("ecs", &format!("cluster/{name}")))])
            }
            "AWS::IAM::Role" => {
                let name = named("RoleName");
                (name.clone(), vec![("Arn", format!("arn:aws:iam::{ACCOUNT}:role/{name}"))])
            }
            "AWS::Serverless::Function" => {
                let name = named("FunctionName");
                (name.clone(), vec![("Arn", arn("lambda", &format!("function:{name}")))])
            }
            "AWS::CloudWatch::Alarm" => {
                let name = named("AlarmName");
                (name.clone(), vec![("Arn", arn("cloudwatch", &format!("alarm:{name}")))])
            }
            // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-applicationautoscaling-scalabletarget.html
            "AWS::ApplicationAutoScaling::ScalableTarget" => {
                let parts = ["ResourceId", "ScalableDimension", "ServiceNamespace"].map(|part| text(&properties[part]));
                (parts.join("|"), vec![])
            }
            "AWS::CloudFront::Distribution" => (tests::huskit::DISTRIBUTION.to_owned(), vec![]),
            "AWS::AppConfig::Application" => ("app0001".to_owned(), vec![]),
            "AWS::AppConfig::Environment" => ("env0001".to_owned(), vec![]),
            "AWS::AppConfig::ConfigurationProfile" => ("prof001".to_owned(), vec![]),
            "AWS::SecretsManager::Secret" => (arn("secretsmanager", &format!("secret:{id}-AbCdEf")), vec![]),
            _ => (format!("huskit-prod-{id}"), vec![("Arn", arn("other", id))]),
        };
        self.0.insert(format!("<{id}>"), reference);
        for (attribute, value) in attributes {
            self.0.insert(format!("<{id}.{attribute}>"), value);
        }
    }

    /// What `Ref` of a resource returns.
    pub(super) fn reference(&self, id: &str) -> String {
        self.0.get(&format!("<{id}>")).cloned().unwrap_or_default()
    }

    /// What `Fn::GetAtt` returns.
    pub(super) fn attribute(&self, id: &str, attribute: &str) -> String {
        self.0.get(&format!("<{id}.{attribute}>")).cloned().unwrap_or_default()
    }

    /// A value with every name in its place; names within names too.
    pub(super) fn apply(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.within(text).into(),
            Value::Array(items) => items.iter().map(|item| self.apply(item)).collect(),
            Value::Object(fields) => {
                Value::Object(fields.iter().map(|(name, field)| (name.clone(), self.apply(field))).collect())
            }
            other => other.clone(),
        }
    }

    fn within(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('<') {
            out.push_str(before);
            let known =
                after.split_once('>').and_then(|(name, after)| Some((self.0.get(&format!("<{name}>"))?, after)));
            match known {
                Some((name, after)) => {
                    out.push_str(name);
                    rest = after;
                }
                None => {
                    out.push('<');
                    rest = after;
                }
            }
        }
        out + rest
    }
}
