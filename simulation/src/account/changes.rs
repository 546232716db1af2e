//! Systems that differ from what the templates deploy.

use serde_json::{Value, json};
use tests::template::text;

use super::{Account, REGION, Resource};

impl Account {
    /// Changes every service of the fleet in the configuration.
    ///
    /// # Panics
    /// When the configuration is no JSON.
    pub fn change_fleet(&mut self, change: impl FnMut(&mut Value)) {
        self.change_configuration("/fleet/services", change);
    }

    /// Changes every budget of the configuration.
    ///
    /// # Panics
    /// When the configuration is no JSON.
    pub fn change_budgets(&mut self, change: impl FnMut(&mut Value)) {
        self.change_configuration("/budgets", change);
    }

    fn change_configuration(&mut self, list: &str, change: impl FnMut(&mut Value)) {
        let mut configuration: Value = serde_json::from_str(&self.configuration()).expect("a JSON configuration");
        configuration.pointer_mut(list).and_then(Value::as_array_mut).expect("a list").iter_mut().for_each(change);
        let content = Value::from(configuration.to_string());
        self.change_resources("AWS::AppConfig::HostedConfigurationVersion", |properties| {
            properties["Content"] = content.clone();
        });
    }

    /// Changes the properties of every resource of a type.
    pub fn change_resources(&mut self, kind: &str, mut change: impl FnMut(&mut Value)) {
        let resources = self.resources.get_mut(kind).into_iter().flatten();
        resources.for_each(|resource| change(&mut resource.properties));
    }

    /// Takes the scalable target of the last service away.
    pub fn forget_target(&mut self) {
        for kind in ["AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy"] {
            let last = self.services().pop().unwrap_or_default();
            let is_its = |resource: &Resource| resource.properties.to_string().contains(&last);
            self.resources.entry(kind.to_owned()).or_default().retain(|resource| !is_its(resource));
        }
    }

    /// Has ECR sign every image that is pushed with a signing profile:
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecr-signingconfiguration.html>.
    pub fn sign_with(&mut self, profile: &str) {
        let properties = json!({ "Rules": [{ "SigningProfileArn": profile }] });
        let signing =
            Resource { id: "Signing".to_owned(), reference: "Signing".to_owned(), properties, region: REGION };
        self.resources.insert("AWS::ECR::SigningConfiguration".to_owned(), vec![signing]);
    }

    /// Has another deployment controller than ECS deploy a service.
    pub fn deploy_by(&mut self, controller: &str, service: &str) {
        self.change_resources("AWS::ECS::Service", |properties| {
            if text(&properties["ServiceName"]) == service {
                properties["DeploymentController"] = json!({ "Type": controller });
            }
        });
    }

    /// Has the task definitions name their images by this tag, and not by `live`.
    pub fn run_by_tag(&mut self, tag: &str) {
        self.change_resources("AWS::ECS::TaskDefinition", |properties| {
            for container in properties["ContainerDefinitions"].as_array_mut().into_iter().flatten() {
                if let Some(image) = container["Image"].as_str().and_then(|image| image.strip_suffix(":live")) {
                    container["Image"] = format!("{image}:{tag}").into();
                }
            }
        });
    }

    /// Gives every container a plain value that must not leave its task definition.
    pub fn carry(&mut self, secret: &str) {
        self.change_resources("AWS::ECS::TaskDefinition", |properties| {
            for container in properties["ContainerDefinitions"].as_array_mut().into_iter().flatten() {
                let value = json!({ "Name": "LICENSE_KEY", "Value": secret });
                match container["Environment"].as_array_mut() {
                    Some(values) => values.push(value),
                    None => container["Environment"] = json!([value]),
                }
            }
        });
    }

    /// Has alarms say when they get no data, and has that announced.
    ///
    /// # Panics
    /// When the configuration is no JSON.
    pub fn watch_data(&mut self) {
        self.change_resources("AWS::CloudWatch::Alarm", |properties| {
            // With its expressions an alarm has data always.
            if properties["Metrics"].is_null() {
                properties["TreatMissingData"] = "missing".into();
            }
        });
        self.change_configuration("/alarms/alarms", |alarm| alarm["insufficient_data"] = "announce".into());
    }
}
