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
pub mod image;
pub mod load;
mod sns;
mod sqs;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod time;
mod wake;

use std::rc::Rc;

use jiff::SignedDuration;
use serde_json::Value;

use crate::account::Account;
use crate::wire::{Answer, Request};
use cloudformation::Others;
use cloudwatch::System;
use ecs::{Around, Ecs};

pub use appconfig::AppConfig;
pub use cx::{Cx, Event, Out};
pub use dynamodb::DynamoDb;
pub use sns::Sns;
pub use sqs::{Message as QueueMessage, Sqs};
pub use wake::Wake;

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
    /// The load of the services.
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

    /// What services do from the deploy on.
    pub(crate) fn begin(&mut self, cx: &mut Cx<'_>) {
        self.autoscaling.begin(cx);
        self.budgets.begin(cx);
        self.cloudwatch.begin(cx);
    }

    /// ECS, and the services that it reads.
    pub fn ecs(&mut self) -> (&mut Ecs, Around<'_>) {
        (&mut self.ecs, Around { ecr: &self.ecr, cloudwatch: &self.cloudwatch })
    }

    /// Puts a service in the state of one that has run for a while, with so many tasks: [`Ecs::settle`].
    pub fn settle(&mut self, cluster: &str, service: &str, desired: i64, cx: &mut Cx<'_>) {
        let (ecs, around) = self.ecs();
        ecs.settle(cluster, service, desired, around, cx);
    }

    /// A person updates a service in the console: [`Ecs::by_person`].
    ///
    /// # Errors
    /// As ECS answers.
    pub fn update_by_person(&mut self, cluster: &str, service: &str, input: Value, cx: &mut Cx<'_>) -> Answer {
        let (ecs, around) = self.ecs();
        ecs.by_person(cluster, service, input, around, cx)
    }

    /// Answers a call that the policy allows; Lambda's calls are the engine's.
    ///
    /// # Panics
    /// When the model does not know the call.
    pub fn call(&mut self, request: &Request, cx: &mut Cx<'_>) -> Answer {
        let (operation, input) = (request.operation.as_str(), &request.input);
        match request.service {
            "application-autoscaling" => self.autoscaling.call(operation, input, &mut self.ecs, &self.ecr, cx),
            "appconfig" => self.appconfig.call(operation, input, cx),
            "budgets" => self.budgets.call(operation, input, cx),
            "cloudfront" => self.cloudfront.call(operation, input, cx),
            "cloudwatch" => self.cloudwatch.call(operation, input, cx),
            "dynamodb" => self.dynamodb.call(operation, input, cx),
            "ecr" => self.ecr.call(operation, input, cx),
            "ecs" => {
                let (ecs, around) = self.ecs();
                ecs.call(operation, input, around, cx)
            }
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

    /// Does what is due.
    pub fn wake(&mut self, wake: Wake, cx: &mut Cx<'_>) {
        match wake {
            Wake::Autoscaling(wake) => self.autoscaling.wake(wake, &self.loads, &mut self.ecs, &self.ecr, cx),
            Wake::Budgets(wake) => self.budgets.wake(wake, cx),
            Wake::CloudFormation(wake) => {
                let World { account, autoscaling, ecs, ecr, cloudwatch, cloudformation, .. } = self;
                let mut others = Others { account, autoscaling, ecs, around: Around { ecr, cloudwatch } };
                cloudformation.wake(wake, &mut others, cx);
            }
            Wake::CloudFront(wake) => self.cloudfront.wake(wake),
            Wake::CloudWatch(wake::CloudWatch::Minute) => {
                let watched = self.cloudwatch.watched(&self.account).into_iter();
                let seen = watched.filter_map(|service| Some((service.clone(), self.ecs.sight(&service, &self.ecr)?)));
                let sights = seen.collect();
                let system = System { account: &self.account, loads: &self.loads, sights: &sights };
                self.cloudwatch.minute(system, cx);
                cx.after(SignedDuration::from_mins(1), Wake::CloudWatch(wake::CloudWatch::Minute));
            }
            Wake::Ecr(wake) => self.ecr.wake(wake, cx),
            Wake::Ecs(wake) => {
                let (ecs, around) = self.ecs();
                ecs.wake(wake, around, cx);
            }
        }
    }
}
