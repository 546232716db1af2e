//! How fast a process calls: as fast as the account may, so that a sweep over hundreds of services is not throttled.
//!
//! Each bucket holds its calls back on its own; every wait is its turn in line, so none waits much longer than another. What
//! other processes call is not known here: a call that is throttled nevertheless is repeated by the SDK.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep};
use aws_smithy_async::time::SharedTimeSource;

/// Calls of an account and region that share a bucket.
///
/// ECS: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html>. ECR:
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html>. CloudWatch:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bucket {
    /// `DescribeServices`, `ListTasks`, `DescribeTasks`.
    EcsReads,
    /// `UpdateService`.
    EcsServices,
    /// `RegisterTaskDefinition`.
    EcsDefinitions,
    /// `DescribeTaskDefinition`.
    EcsDefinitionReads,
    /// `ListServiceDeployments`, `DescribeServiceRevisions`.
    EcsDeployments,
    /// `PutImage`.
    EcrPutImage,
    /// `DescribeAlarms`.
    DescribeAlarms,
}

impl Bucket {
    pub(super) const ALL: [Bucket; 7] = [
        Bucket::EcsReads,
        Bucket::EcsServices,
        Bucket::EcsDefinitions,
        Bucket::EcsDefinitionReads,
        Bucket::EcsDeployments,
        Bucket::EcrPutImage,
        Bucket::DescribeAlarms,
    ];

    /// How many calls it holds, and how many it gets back in a second.
    fn rate(self) -> (u32, u32) {
        match self {
            // 20 a second. Half of them are left to others: during a sweep each service that it changes brings events, and each
            // event a look.
            Bucket::EcsReads => (100, 10),
            Bucket::EcsServices => (50, 5),
            Bucket::EcsDefinitions => (20, 1),
            Bucket::EcsDefinitionReads | Bucket::EcsDeployments => (50, 20),
            Bucket::EcrPutImage => (10, 10),
            Bucket::DescribeAlarms => (9, 9),
        }
    }

    /// What it holds for one process. A tenth is left to others: to a request of an engineer during a sweep.
    fn burst(self) -> u32 {
        let (burst, _) = self.rate();
        burst - burst.div_ceil(10)
    }

    /// From one call to the next, once it is empty.
    fn step(self) -> Duration {
        let (_, each_second) = self.rate();
        Duration::from_secs(1) / each_second
    }
}

/// The buckets, as far as this process has used them.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    /// When each bucket is full again.
    full: Arc<Mutex<[SystemTime; Bucket::ALL.len()]>>,
    time: SharedTimeSource,
    sleep: SharedAsyncSleep,
}

impl Pace {
    pub(super) fn new(time: SharedTimeSource, sleep: SharedAsyncSleep) -> Pace {
        Pace { full: Arc::new(Mutex::new([SystemTime::UNIX_EPOCH; Bucket::ALL.len()])), time, sleep }
    }

    /// Waits until it is a call's turn.
    pub(super) async fn turn(&self, bucket: Bucket) {
        let wait = self.take(bucket);
        if !wait.is_zero() {
            self.sleep.sleep(wait).await;
        }
    }

    /// Takes a call out of a bucket; returns how long to wait for it.
    fn take(&self, bucket: Bucket) -> Duration {
        let now = self.time.now();
        let mut all = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let full = &mut all[bucket as usize];
        *full = (*full).max(now) + bucket.step();
        let ahead = full.duration_since(now).unwrap_or_default();
        ahead.saturating_sub(bucket.step() * bucket.burst())
    }

    /// Takes buckets for empty: another process has just used them up.
    pub(super) fn spent(&self, buckets: &[Bucket]) {
        let now = self.time.now();
        let mut all = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        for bucket in buckets {
            let full = &mut all[*bucket as usize];
            *full = (*full).max(now + bucket.step() * bucket.burst());
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_async::time::TimeSource;

    use super::*;

    #[derive(Debug)]
    struct Clock(Arc<Mutex<SystemTime>>);

    impl TimeSource for Clock {
        fn now(&self) -> SystemTime {
            *self.0.lock().unwrap()
        }
    }

    fn pace() -> (Pace, impl Fn(u64)) {
        let clock = Arc::new(Mutex::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000)));
        let time = SharedTimeSource::new(Clock(Arc::clone(&clock)));
        let sleep = SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new());
        (Pace::new(time, sleep), move |seconds| *clock.lock().unwrap() += Duration::from_secs(seconds))
    }

    fn waits(pace: &Pace, calls: usize) -> Vec<u64> {
        (0..calls).map(|_| pace.take(Bucket::EcsDefinitions).as_secs()).collect()
    }

    #[test]
    fn a_burst_goes_at_once_and_then_one_call_waits_for_the_other() {
        let (pace, pass) = pace();
        assert_eq!(waits(&pace, 18), [0; 18], "two of twenty are left to others");
        assert_eq!(waits(&pace, 3), [1, 2, 3]);
        pass(3);
        assert_eq!(waits(&pace, 2), [1, 2]);
        pass(1_000);
        assert_eq!(waits(&pace, 19), [[0; 18].as_slice(), &[1]].concat());
        assert_eq!(pace.take(Bucket::EcsServices), Duration::ZERO, "each bucket is its own");
    }

    #[test]
    fn after_another_process_has_used_a_bucket_up_no_burst_is_left() {
        let (pace, pass) = pace();
        pace.spent(&Bucket::ALL);
        assert_eq!(waits(&pace, 2), [1, 2]);
        pace.spent(&[Bucket::EcsDefinitions]);
        assert_eq!(waits(&pace, 1), [3], "it is no fuller for it");
        pass(4);
        assert_eq!(waits(&pace, 2), [0, 1]);
    }

    #[test]
    fn the_order_of_the_buckets_is_that_of_their_numbers() {
        assert!(Bucket::ALL.iter().enumerate().all(|(at, bucket)| *bucket as usize == at));
    }
}
