//! How often an account may call: token buckets, as the services document them.
//!
//! - ECS: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html>; the actions of a category share a bucket.
//! - Fargate, of which every task is: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html>: launches on demand and on
//!   Spot, and calls of `RunTask`, of which it allows less than ECS.
//! - ECR: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html>.
//! - CloudWatch: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>.
//!
//! Calls of which no rate is documented, or one that is far above what the functions do, are not limited: the weather throttles them at random.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::wire::{Failure, Request};

/// A rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// What shares the bucket.
    pub class: &'static str,
    /// How many calls at once.
    pub burst: f64,
    /// How many calls a second after that.
    pub sustained: f64,
    /// The service's error.
    code: &'static str,
}

/// The buckets.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    /// Tokens that were left, and when.
    buckets: BTreeMap<&'static str, (Timestamp, f64)>,
    /// How often each class was refused.
    pub refused: BTreeMap<&'static str, u64>,
}

/// The rate of a call, where one is documented.
pub fn rate(service: &str, operation: &str) -> Option<Rate> {
    let of = |class, burst, sustained, code| Some(Rate { class, burst, sustained, code });
    let throttling = "ThrottlingException";
    match (service, operation) {
        ("ecs", "DescribeServices" | "ListServices" | "DescribeTasks" | "ListTasks") => {
            of("ecs reads", 100.0, 20.0, throttling)
        }
        ("ecs", "CreateService" | "UpdateService" | "DeleteService") => of("ecs services", 50.0, 5.0, throttling),
        ("ecs", "RegisterTaskDefinition" | "DeregisterTaskDefinition") => of("ecs definitions", 20.0, 1.0, throttling),
        ("ecs", "DescribeTaskDefinition") => of("ecs definition reads", 50.0, 20.0, throttling),
        ("ecs", "RunTask") => of("fargate RunTask", 20.0, 20.0, throttling),
        ("ecs", "StopTask") => of("ecs tasks", 100.0, 40.0, throttling),
        ("ecs", "DescribeServiceDeployments" | "ListServiceDeployments" | "DescribeServiceRevisions") => {
            of("ecs deployments", 50.0, 20.0, throttling)
        }
        ("ecs", "TagResource" | "UntagResource") => of("ecs tags", 20.0, 10.0, throttling),
        ("ecr", "PutImage") => of("ecr PutImage", 10.0, 10.0, throttling),
        ("cloudwatch", "DescribeAlarms") => of("cloudwatch DescribeAlarms", 9.0, 9.0, "ThrottlingException"),
        _ => None,
    }
}

/// The rate at which Fargate launches tasks, on Spot or on demand.
pub fn launches(spot: bool) -> Rate {
    let class = if spot { "fargate launches on Spot" } else { "fargate launches" };
    Rate { class, burst: 100.0, sustained: 20.0, code: "ThrottlingException" }
}

impl Rates {
    /// Takes a token for a call.
    ///
    /// # Errors
    /// The service's own, when the bucket is empty.
    pub fn take(&mut self, request: &Request, now: Timestamp) -> Result<(), Failure> {
        rate(request.service, &request.operation).map_or(Ok(()), |rate| self.spend(rate, now))
    }

    /// Takes a token.
    ///
    /// # Errors
    /// The service's own, when the bucket is empty.
    pub fn spend(&mut self, rate: Rate, now: Timestamp) -> Result<(), Failure> {
        let Rate { class, burst, sustained, code } = rate;
        let (since, left) = self.buckets.get(class).copied().unwrap_or((now, burst));
        let left = (left + now.duration_since(since).as_secs_f64() * sustained).min(burst);
        let allowed = left >= 1.0;
        self.buckets.insert(class, (now, if allowed { left - 1.0 } else { left }));
        if allowed {
            return Ok(());
        }
        *self.refused.entry(class).or_default() += 1;
        Err(Failure::new(code, "Rate exceeded"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use serde_json::json;

    #[test]
    fn a_burst_is_allowed_and_then_so_many_a_second() {
        let request = Request { service: "ecs", operation: "UpdateService".into(), input: json!({}) };
        let (mut rates, now) = (Rates::default(), Timestamp::UNIX_EPOCH);
        assert_eq!((0..60).filter(|_| rates.take(&request, now).is_ok()).count(), 50);
        let later = now + SignedDuration::from_secs(2);
        assert_eq!((0..60).filter(|_| rates.take(&request, later).is_ok()).count(), 10);
        assert_eq!(rates.refused["ecs services"], 60);
        let other = Request { operation: "DescribeServices".into(), ..request };
        assert!(rates.take(&other, later).is_ok());
    }

    #[test]
    fn tasks_on_demand_and_on_spot_are_launched_at_rates_of_their_own() {
        let (mut rates, now) = (Rates::default(), Timestamp::UNIX_EPOCH);
        let launched =
            |rates: &mut Rates, spot: bool, now| (0..200).filter(|_| rates.spend(launches(spot), now).is_ok()).count();
        assert_eq!(launched(&mut rates, false, now), 100);
        assert_eq!(launched(&mut rates, true, now), 100);
        assert_eq!(launched(&mut rates, false, now + SignedDuration::from_secs(1)), 20);
    }
}
