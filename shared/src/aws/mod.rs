//! One gateway per AWS service; the only place that imports the SDK.
//!
//! A gateway is a concrete client in a struct. Its methods are verbs of the domain, its arguments and results are model
//! types; pagination, batch limits and errors inside 200 answers end here. Each method names the IAM action it needs,
//! and a test holds the union of those lines against the policies of the template.

mod appconfig;
mod autoscaling;
mod budgets;
mod cloudfront;
mod cloudwatch;
mod connection;
mod dynamodb;
mod ecr;
mod ecs;
mod error;
mod functions;
mod pace;
mod sns;
mod sqs;
#[cfg(test)]
pub(crate) mod testing;

pub use appconfig::{AppConfig, Latest, Location, Token};
pub use autoscaling::AutoScaling;
pub use budgets::Budgets;
pub use cloudfront::CloudFront;
pub use cloudwatch::{Alarm, CloudWatch};
pub use connection::Connection;
pub use dynamodb::{Condition, DynamoDb};
pub use ecr::{Ecr, TagMove};
pub use ecs::{Ecs, Launch, OneOff};
pub use functions::Functions;
pub use sns::Sns;
pub use sqs::Sqs;
