//! Amazon CloudFront: invalidations.
//!
//! The same caller reference with the same paths is the same invalidation, with other paths an error; at most 15 paths with a wildcard and 3,000
//! others are on their way at a time: <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_InvalidationBatch.html>,
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html>.

use std::collections::BTreeMap;

use ::tests::template::{list, text};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Cx;
use super::wake::{self, Wake};
use crate::account::Account;
use crate::wire::{Answer, Failure};

/// The distributions that are there, by id.
#[derive(Debug, Default)]
pub struct CloudFront {
    /// The invalidations of each, in order.
    pub distributions: BTreeMap<String, Vec<Invalidation>>,
}

/// An invalidation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalidation {
    /// Its id.
    pub id: String,
    /// The caller's reference.
    pub reference: String,
    /// Its paths.
    pub paths: Vec<String>,
    /// When it was made.
    pub at: Timestamp,
    /// Is it `Completed`?
    pub complete: bool,
}

impl CloudFront {
    pub(super) fn new(account: &Account) -> CloudFront {
        let distributions = account.of_type("AWS::CloudFront::Distribution").iter();
        CloudFront { distributions: distributions.map(|one| (one.reference.clone(), Vec::new())).collect() }
    }

    /// A person deletes a distribution.
    pub fn delete(&mut self, distribution: &str) {
        self.distributions.remove(distribution);
    }

    pub(super) fn call(&mut self, operation: &str, input: &Value, cx: &mut Cx<'_>) -> Answer {
        assert_eq!(operation, "CreateInvalidation", "the model has no cloudfront:{operation}");
        let distribution = text(&input["DistributionId"]);
        let Some(invalidations) = self.distributions.get_mut(&distribution) else {
            let failure = Failure::new("NoSuchDistribution", "The specified distribution does not exist.");
            return Err(failure.with_status(404));
        };
        let reference = text(&input["CallerReference"]);
        let paths: Vec<String> = list(&input["Paths"]).iter().map(text).collect();
        let shown = |one: &Invalidation| json!({ "Id": one.id, "Status": if one.complete { "Completed" } else { "InProgress" } });
        if let Some(before) = invalidations.iter().find(|one| one.reference == reference) {
            return match before.paths == paths {
                true => Ok(shown(before)),
                false => Err(Failure::new(
                    "InvalidationBatchAlreadyExists",
                    "Your request contains a caller reference that was used for a previous invalidation batch with other paths.",
                )),
            };
        }
        if paths.is_empty() || paths.iter().any(|path| !path.starts_with('/')) {
            return Err(Failure::new(
                "InvalidArgument",
                "Your request contains one or more invalid invalidation paths.",
            ));
        }
        let on_way = invalidations.iter().filter(|one| !one.complete).flat_map(|one| &one.paths).chain(&paths);
        let (wildcards, others): (Vec<&String>, Vec<&String>) = on_way.partition(|path| path.contains('*'));
        if wildcards.len() > 15 || others.len() > 3000 {
            let sentence = "Processing your request will cause you to exceed the maximum number of in-progress wildcard invalidations.";
            return Err(Failure::new("TooManyInvalidationsInProgress", sentence));
        }
        let id = format!("I{:013X}", cx.rng.bits() >> 12);
        let invalidation = Invalidation { id: id.clone(), reference, paths, at: cx.now, complete: false };
        let answer = shown(&invalidation);
        invalidations.push(invalidation);
        let after = SignedDuration::from_secs(cx.rng.between(20, 300));
        cx.after(after, Wake::CloudFront(wake::CloudFront::Completed { distribution, id }));
        Ok(answer)
    }

    pub(super) fn wake(&mut self, wake: wake::CloudFront) {
        let wake::CloudFront::Completed { distribution, id } = wake;
        let invalidations = self.distributions.get_mut(&distribution);
        if let Some(one) = invalidations.into_iter().flatten().find(|one| one.id == id) {
            one.complete = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::testing::Bench;

    fn invalidate(bench: &mut Bench, reference: &str, path: &str) -> Answer {
        let distribution = bench.world.cloudfront.distributions.keys().next().cloned().unwrap_or_default();
        let input = json!({ "DistributionId": distribution, "CallerReference": reference, "Paths": [path] });
        bench.change(|world, cx| world.cloudfront.call("CreateInvalidation", &input, cx))
    }

    #[test]
    fn a_reference_is_one_invalidation_and_fifteen_wildcards_are_enough() {
        let mut bench = Bench::new();
        bench.world.cloudfront.distributions.insert("E1".into(), Vec::new());
        let first = invalidate(&mut bench, "1", "/*").unwrap();
        assert_eq!(invalidate(&mut bench, "1", "/*").unwrap(), first);
        assert_eq!(invalidate(&mut bench, "1", "/a").unwrap_err().code, "InvalidationBatchAlreadyExists");
        for number in 2..=15 {
            invalidate(&mut bench, &number.to_string(), "/*").unwrap();
        }
        assert_eq!(invalidate(&mut bench, "16", "/*").unwrap_err().code, "TooManyInvalidationsInProgress");
        bench.pass(SignedDuration::from_mins(5));
        invalidate(&mut bench, "16", "/*").unwrap();
        bench.world.cloudfront.distributions.clear();
        assert_eq!(invalidate(&mut bench, "17", "/*").unwrap_err().status, 404);
    }
}
