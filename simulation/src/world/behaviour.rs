//! How an image behaves once its tasks start. ECR does not show it; ECS and CloudWatch do, once tasks start.

/// What becomes of the tasks of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// They start, are healthy, and serve.
    Good,
    /// The essential container exits with code 1 a few seconds after it started.
    Crashes,
    /// The container is killed for its memory, exit code 137, `OutOfMemoryError`.
    OutOfMemory,
    /// The layers cannot be pulled, although ECR lists the image: `CannotPullContainerError`.
    Unpullable,
    /// They are healthy after several minutes.
    Slow,
    /// The container's health check never succeeds: ECS stops them as unhealthy.
    FailsHealthCheck,
    /// The load balancer's health checks fail: "Task failed ELB health checks".
    FailsLoadBalancer,
    /// They are healthy, and answer requests with errors: only an alarm sees it.
    ErrsUnderTraffic,
    /// It has no manifest for the platform of the task: `CannotPullContainerError: image Manifest does not contain descriptor matching platform`.
    WrongPlatform,
    /// Its pre-deploy task exits with code 1; otherwise it is good.
    FailsMigration,
    /// Its pre-deploy task never ends; otherwise it is good.
    HangsMigration,
}

impl Behaviour {
    /// Do its tasks serve, given an environment that is as it should be?
    pub fn serves(self) -> bool {
        matches!(
            self,
            Behaviour::Good
                | Behaviour::Slow
                | Behaviour::ErrsUnderTraffic
                | Behaviour::FailsMigration
                | Behaviour::HangsMigration
        )
    }
}

/// What is wrong with an image beside what its tasks do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Its scan finds critical vulnerabilities.
    Vulnerable,
    /// Its scan fails.
    Unscannable,
    /// Its scan takes longer than anything waits for it.
    ScansSlowly,
    /// ECR fails to sign it.
    Unsignable,
    /// Its signature takes longer than anything waits for it.
    SignsSlowly,
    /// Its version is lower than those before.
    OldVersion,
}
