//! What services of AWS do later.

use jiff::Timestamp;

use super::image::Image;

/// Something that a service of AWS does later.
#[derive(Clone, Debug)]
pub enum Wake {
    /// Of Application Auto Scaling.
    Autoscaling(Autoscaling),
    /// Of AWS Budgets.
    Budgets(Budgets),
    /// Of CloudFormation.
    CloudFormation(CloudFormation),
    /// Of CloudFront.
    CloudFront(CloudFront),
    /// Of CloudWatch.
    CloudWatch(CloudWatch),
    /// Of ECR.
    Ecr(Ecr),
    /// Of ECS.
    Ecs(Ecs),
}

/// What Application Auto Scaling does later.
#[derive(Clone, Debug)]
pub enum Autoscaling {
    /// Policies are evaluated, once a minute.
    Minute,
    /// A scheduled action is due.
    Scheduled {
        /// `service/<cluster>/<service>`.
        resource: String,
        /// Its name.
        name: String,
        /// When it was put: a later one of the same name has replaced it.
        put_at: Timestamp,
    },
}

/// What AWS Budgets does later.
#[derive(Clone, Debug)]
pub enum Budgets {
    /// The figures of a budget are calculated anew.
    Refresh {
        /// Its name.
        budget: String,
        /// One that a person caused is not followed by the next.
        again: bool,
    },
}

/// What CloudFormation does later.
#[derive(Clone, Debug)]
pub enum CloudFormation {
    /// The stack's resources are written.
    Write,
    /// Is what was written stable?
    Wait,
    /// Something failed: what was before is written again.
    RollBack(String),
    /// The update, or its rollback, has ended.
    End(&'static str),
}

/// What CloudFront does later.
#[derive(Clone, Debug)]
pub enum CloudFront {
    /// An invalidation is complete.
    Completed {
        /// Of which distribution.
        distribution: String,
        /// Its id.
        id: String,
    },
}

/// What CloudWatch does later.
#[derive(Clone, Debug)]
pub enum CloudWatch {
    /// Every alarm is evaluated.
    Minute,
}

/// What ECR does later.
#[derive(Clone, Debug)]
pub enum Ecr {
    /// The next `PutImage` of a push.
    Put {
        /// The repository.
        repository: String,
        /// What is put.
        image: Box<Image>,
        /// Its tag, if any.
        tag: Option<String>,
    },
    /// A scan ends.
    Scanned {
        /// The repository.
        repository: String,
        /// What was scanned.
        digest: String,
    },
    /// A signing job ends.
    Signed {
        /// The repository.
        repository: String,
        /// What was signed.
        digest: String,
    },
}

/// What ECS does later.
#[derive(Clone, Debug)]
pub enum Ecs {
    /// The scheduler runs for a service, by its number.
    Service(usize),
    /// A steady service repeats its service event.
    Steady(usize),
    /// A task, by its number, takes its next step.
    Task(u64, Step),
}

/// A step of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It has its network, and pulls its image.
    Pull,
    /// It does not reach RUNNING.
    FailToStart,
    /// Its containers run.
    Run,
    /// It is registered with a load balancer.
    Activated,
    /// The container's health check succeeds.
    ContainerHealthy,
    /// The scheduler counts it as healthy.
    Healthy,
    /// The container's health check has failed too often.
    Unhealthy,
    /// The load balancer's has.
    BalancerUnhealthy,
    /// Its essential container ends.
    Exit(i64),
    /// It ends after SIGTERM or SIGKILL.
    Terminated(i64),
    /// Its network is given back.
    Stopped,
    /// ECS answers it as MISSING from now on.
    Forget,
}
