//! AWS, one file for each service; each names the documents that it follows. What is not modelled is refused loudly.

mod appconfig;
pub mod autoscaling;
pub mod behaviour;
pub mod budgets;
pub mod cloudformation;
pub mod cloudfront;
pub mod cloudwatch;
mod cx;
mod dynamodb;
pub mod ecr;
pub mod ecs;
pub mod load;
mod sns;
mod sqs;
#[cfg(test)]
mod testing;

use std::rc::Rc;

use crate::account::Account;
use crate::wire::{Answer, Request};

pub use appconfig::AppConfig;
pub use cx::{Cx, Event, Out};
pub use dynamodb::DynamoDb;
pub use sns::Sns;
pub use sqs::{Message as QueueMessage, Sqs};

/// Something that AWS does by itself later.
#[derive(Clone, Debug)]
pub enum Wake {
    /// Of Application Auto Scaling.
    Autoscaling(autoscaling::Wake),
    /// Of AWS Budgets.
    Budgets(budgets::Wake),
    /// Of CloudFormation.
    CloudFormation(cloudformation::Wake),
    /// Of CloudFront.
    CloudFront(cloudfront::Wake),
    /// Of CloudWatch.
    CloudWatch(cloudwatch::Wake),
    /// Of ECR.
    Ecr(ecr::Wake),
    /// Of ECS.
    Ecs(ecs::Wake),
}

/// Everything in the account that the automation can see.
#[derive(Debug)]
pub struct World {
    /// What the templates deployed.
    pub account: Rc<Account>,
    /// Scaling.
    pub autoscaling: autoscaling::Autoscaling,
    /// Budgets.
    pub budgets: budgets::Budgets,
    /// The stack.
    pub cloudformation: cloudformation::CloudFormation,
    /// The distribution.
    pub cloudfront: cloudfront::CloudFront,
    /// Alarms.
    pub cloudwatch: cloudwatch::CloudWatch,
    /// Images.
    pub ecr: ecr::Ecr,
    /// Services and tasks.
    pub ecs: ecs::Ecs,
    /// The ledger.
    pub dynamodb: DynamoDb,
    /// Topics.
    pub sns: Sns,
    /// Queues.
    pub sqs: Sqs,
    /// The configuration.
    pub appconfig: AppConfig,
    /// What users ask of the services.
    pub loads: load::Loads,
}

impl World {
    /// Right after the deploy.
    pub fn new(account: Rc<Account>) -> World {
        World {
            autoscaling: autoscaling::Autoscaling::new(&account),
            budgets: budgets::Budgets::new(&account),
            cloudformation: cloudformation::CloudFormation::new(&account),
            cloudfront: cloudfront::CloudFront::new(&account),
            cloudwatch: cloudwatch::CloudWatch::new(&account),
            ecr: ecr::Ecr::new(&account),
            ecs: ecs::Ecs::new(&account),
            dynamodb: DynamoDb::default(),
            sns: Sns::default(),
            sqs: Sqs::new(&account),
            appconfig: AppConfig::new(&account),
            loads: load::Loads::new(),
            account,
        }
    }

    /// Begins what goes on by itself from the deploy on.
    pub(crate) fn begin(&mut self, cx: &mut Cx<'_>) {
        autoscaling::begin(self, cx);
        budgets::begin(self, cx);
        cloudwatch::begin(self, cx);
    }

    /// Answers a call that the policy allows; Lambda's calls are the engine's.
    ///
    /// # Panics
    /// When the model does not know the call.
    pub fn call(&mut self, request: &Request, cx: &mut Cx<'_>) -> Answer {
        let (operation, input) = (request.operation.as_str(), &request.input);
        match request.service {
            "application-autoscaling" => autoscaling::call(self, operation, input, cx),
            "appconfig" => self.appconfig.call(operation, input, cx),
            "budgets" => budgets::call(self, operation, input, cx),
            "cloudfront" => cloudfront::call(self, operation, input, cx),
            "cloudwatch" => cloudwatch::call(self, operation, input, cx),
            "dynamodb" => self.dynamodb.call(operation, input, cx),
            "ecr" => ecr::call(self, operation, input, cx),
            "ecs" => ecs::call(self, operation, input, cx),
            "sns" => self.sns.call(operation, input, cx),
            "sqs" => self.sqs.call(operation, input, cx),
            other => panic!("the model has no {other}:{operation}"),
        }
    }

    /// One service in one line, for stories.
    pub fn describe(&self, name: &str) -> String {
        let policy = self.account.policies().into_iter().find(|policy| policy["name"] == name).unwrap_or_default();
        let cluster = policy["cluster"].as_str().unwrap_or_default();
        let Some(service) = self.ecs.service(cluster, name) else { return format!("{name}: no such service") };
        let serving = self.ecs.serving(cluster, name);
        let tags = |digest: &String| {
            let repositories = self.ecr.repositories.values();
            let mut tags: Vec<&str> = repositories.flat_map(|repository| repository.tags_of(digest)).collect();
            tags.retain(|tag| !matches!(*tag, "latest" | "live" | "previous"));
            tags.join(" ")
        };
        let images: Vec<String> =
            serving.digests.iter().map(|(digest, tasks)| format!("{tasks} of {}", tags(digest))).collect();
        let providers: Vec<String> = serving.providers.iter().map(|(name, tasks)| format!("{tasks} {name}")).collect();
        let bounds = self.autoscaling.bounds(cluster, name);
        let images = if images.is_empty() { "nothing".to_owned() } else { images.join(", ") };
        format!("{name}: desired {}, serves {images} ({}), bounds {bounds:?}", service.desired, providers.join(", "))
    }

    /// Goes on with what is due.
    pub fn wake(&mut self, wake: Wake, cx: &mut Cx<'_>) {
        match wake {
            Wake::Autoscaling(wake) => autoscaling::wake(self, wake, cx),
            Wake::Budgets(wake) => budgets::wake(self, wake, cx),
            Wake::CloudFormation(wake) => cloudformation::wake(self, wake, cx),
            Wake::CloudFront(wake) => cloudfront::wake(self, wake, cx),
            Wake::CloudWatch(wake) => cloudwatch::wake(self, wake, cx),
            Wake::Ecr(wake) => ecr::wake(self, wake, cx),
            Wake::Ecs(wake) => ecs::wake(self, wake, cx),
        }
    }
}

/// Seconds since 1970, as most services write times.
pub(crate) fn seconds(at: jiff::Timestamp) -> f64 {
    // Milliseconds, as the services have them, are far below 2^53.
    #[allow(clippy::cast_precision_loss)]
    let milliseconds = at.as_millisecond() as f64;
    milliseconds / 1000.0
}
