//! Reads services, scalable targets and both ledger items at once, and tasks where there are any.

use futures_util::future::join4;
use planner::capacity::{Bounds, DeploymentProgress, Expiry, Observed, ObservedDeployment, Record, State, TaskCounts};
use planner::fleet::ServicePolicy;
use planner::model::{Deployment, DeploymentState, Service, ServiceId, Strategy, Task, TasksByProvider};
use planner::rollout::{self, Phase};
use shared::ledger::Subject;
use shared::runtime::Context;
use shared::{Error, Kind, Result};

use crate::app::App;

/// What the ledger keeps of one service's capacity.
pub(crate) type Entry = shared::ledger::Entry<Record>;

/// One service as AWS and the ledger have it.
pub struct ObservedService {
    /// Its capacity record.
    pub(crate) entry: Entry,
    /// Its rollout record; this function only reads it.
    pub(crate) rollout: rollout::Record,
    /// As ECS describes it.
    pub(crate) service: Service,
    /// Its tasks, running or about to; not read of one that is settled.
    pub(crate) tasks: Vec<Task>,
    /// Tasks that count towards a transition.
    pub(crate) counts: TaskCounts,
    /// Tasks that count as running, by provider.
    pub(crate) by_provider: TasksByProvider,
    /// What the planner decides from.
    pub(crate) capacity: Observed,
    /// Why its bounds could not be read.
    pub(crate) bounds_error: Option<Error>,
    /// ECS does not know it, or it is no longer active.
    pub(crate) missing: Option<Error>,
}

impl App {
    /// Observes all services in scope.
    pub(crate) async fn look(&self, context: &Context, scope: &[&ServicePolicy]) -> Vec<Result<ObservedService>> {
        let ids: Vec<ServiceId> = scope.iter().map(|policy| policy.id()).collect();
        let subjects: Vec<Subject> = ids.iter().cloned().map(Subject::Service).collect();
        let entries = context.ledger.load_all::<Record>(&subjects);
        let rollouts = context.ledger.load_all::<rollout::Record>(&subjects);
        let (mut services, bounds, entries, rollouts) =
            join4(self.ecs.services(&ids), self.autoscaling.bounds(&ids), entries, rollouts).await;
        let unsettled = ids.iter().zip(&entries).filter(|(id, entry)| {
            let service = services.get(id).and_then(|service| service.as_ref().ok());
            service.zip(entry.as_ref().ok()).is_some_and(|(service, entry)| needs_tasks(service, entry))
        });
        let unsettled: Vec<ServiceId> = unsettled.map(|(id, _)| id.clone()).collect();
        let mut tasks = self.ecs.running_tasks_of(&unsettled).await;
        let each = ids.iter().zip(entries).zip(rollouts).map(|((id, entry), rollout)| {
            let service = services.remove(id).unwrap_or_else(|| Err(not_found(id)));
            let bounds = bounds.as_ref().map(|bounds| bounds.get(id).copied()).map_err(Error::copy);
            let seen = Seen { service, bounds, tasks: tasks.remove(id).transpose() };
            seen.observed(id, entry, rollout.map(|entry| entry.record))
        });
        each.collect()
    }
}

/// What AWS says of one service.
struct Seen {
    service: Result<Service>,
    bounds: Result<Option<Bounds>>,
    /// `None` when they were not needed.
    tasks: Result<Option<Vec<Task>>>,
}

impl Seen {
    fn observed(
        self,
        id: &ServiceId,
        entry: Result<Entry>,
        rollout: Result<rollout::Record>,
    ) -> Result<ObservedService> {
        let Seen { service, bounds, tasks } = self;
        let (mut entry, rollout) = (entry?, rollout?);
        let (service, missing) = match service {
            Ok(service) if service.is_active() => (service, None),
            Ok(service) => {
                let missing = Error::not_found(format!("service {} is {}", service.id, service.status));
                (service, Some(missing))
            }
            Err(error) if error.kind() == Kind::NotFound => (absent(id), Some(error)),
            Err(error) => return Err(error),
        };
        let (counts, by_provider, tasks) = match tasks? {
            Some(tasks) => (task_counts(&tasks), tasks_by_provider(&tasks), tasks),
            None if missing.is_some() => (task_counts(&[]), TasksByProvider::default(), Vec::new()),
            None => (settled_counts(&service), settled_by_provider(&service), Vec::new()),
        };
        entry.record.facts.frozen =
            rollout.frozen.as_ref().map(|freeze| Expiry { at: freeze.until, by: freeze.by.clone() });
        let (bounds, bounds_error) = match bounds {
            Ok(bounds) => (bounds, None),
            Err(error) => (None, Some(error)),
        };
        let primary = service.primary();
        let capacity = Observed {
            desired: service.desired,
            bounds,
            bounds_unknown: bounds_error.is_some(),
            images: digests(&rollout),
            strategy: service.strategy.clone(),
            rollout_in_flight: in_flight(&service, &rollout),
            lacks_tasks: primary.is_some_and(|primary| primary.running < service.desired),
            rolls_back: service.deployments.iter().any(|deployment| deployment.state == DeploymentState::Failed),
            stops_tasks_first: service.minimum_healthy_percent == 0,
            deployment: primary.map(|primary| ObservedDeployment {
                id: primary.id.clone(),
                created_at: primary.created_at,
                progress: match primary.state {
                    DeploymentState::Completed => DeploymentProgress::Completed,
                    DeploymentState::Failed => DeploymentProgress::Failed,
                    DeploymentState::InProgress | DeploymentState::Other(_) => DeploymentProgress::InProgress,
                },
            }),
            no_capacity_at: service.no_capacity_at(),
            asleep: matches!(entry.record.state, Some(State::ScaledToZero { .. } | State::Draining { .. })),
            // A service that is at zero and has no record was not scaled to zero by the automation.
            started: service.desired > 0 || rollout.has_started() || entry.record.has_decided(),
        };
        Ok(ObservedService { entry, rollout, service, tasks, counts, by_provider, capacity, bounds_error, missing })
    }
}

/// Are its tasks read? Not of a service without tasks, nor of one that is settled: it has run for a while, or began to with its
/// deployment; ECS reports this one deployment complete, and as many tasks run as should. Such tasks are healthy, and where its
/// strategy places them.
fn needs_tasks(service: &Service, entry: &Entry) -> bool {
    let idle = !service.is_active() || service.desired == 0 && service.running == 0;
    let complete = |deployment: &Deployment| deployment.primary && deployment.state == DeploymentState::Completed;
    let runs = match entry.record.state {
        Some(State::Running { .. }) => true,
        // A deployment from before says nothing about tasks that have started since.
        Some(State::Starting { since, .. }) => service.primary().is_some_and(|primary| primary.created_at >= since),
        Some(State::Draining { .. } | State::ScaledToZero { .. }) | None => false,
    };
    let settled = runs
        && !matches!(service.strategy, Strategy::Other(_))
        && matches!(&service.deployments[..], [only] if complete(only) && only.running == service.running)
        && service.running == service.desired;
    !idle && !settled
}

fn settled_counts(service: &Service) -> TaskCounts {
    TaskCounts { running: service.running, healthy: service.running }
}

fn settled_by_provider(service: &Service) -> TasksByProvider {
    let on_demand = match service.strategy {
        Strategy::Spot { base } => service.running.min(base),
        Strategy::OnDemand | Strategy::Other(_) => service.running,
    };
    TasksByProvider { on_demand, spot: service.running - on_demand }
}

/// What stands for a service that ECS does not know.
fn absent(id: &ServiceId) -> Service {
    Service {
        id: id.clone(),
        status: "MISSING".into(),
        desired: 0,
        running: 0,
        revision: String::new(),
        deployments: Vec::new(),
        strategy: Strategy::OnDemand,
        minimum_healthy_percent: 100,
        network: None,
        controller: "ECS".to_owned(),
        events: Vec::new(),
    }
}

/// Are tasks of one revision being replaced by those of another?
///
/// A staged rollout waits for the service to run. A deployment of the same revision is a move between capacity providers,
/// which another move may replace. Without a running task nothing is replaced: a first start without Spot capacity must
/// be able to move to on-demand.
fn in_flight(service: &Service, rollout: &rollout::Record) -> bool {
    let rolling = rollout.rollout.as_ref().is_some_and(|rollout| !matches!(rollout.phase, Phase::Staged { .. }));
    let replacing = service.deployments.iter().any(|deployment| deployment.state == DeploymentState::InProgress)
        && service.deployments.iter().any(|deployment| deployment.revision != service.revision);
    service.running > 0 && (rolling || replacing)
}

/// The images that the service should run: those of the rollout in progress, else of the current release.
fn digests(rollout: &rollout::Record) -> String {
    let current = || rollout.current().map(|release| &release.images);
    let images = rollout.rollout.as_ref().map(|rollout| &rollout.images).or_else(current);
    images.into_iter().flatten().map(|(_, image)| image.digest.as_str()).collect::<Vec<_>>().join(" ")
}

/// Tasks that count as running, by provider.
fn tasks_by_provider(tasks: &[Task]) -> TasksByProvider {
    let running = || tasks.iter().filter(|task| task.status == "RUNNING");
    let spot = running().filter(|task| task.provider.as_deref() == Some("FARGATE_SPOT")).count();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    TasksByProvider { on_demand: count(running().count() - spot), spot: count(spot) }
}

/// Tasks that count towards a transition: all of them, and those that are proven, healthy or running where nothing checks
/// their health.
fn task_counts(tasks: &[Task]) -> TaskCounts {
    let proven = |task: &&Task| task.status == "RUNNING" && task.health != "UNHEALTHY";
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    TaskCounts { running: count(tasks.len()), healthy: count(tasks.iter().filter(proven).count()) }
}

fn not_found(id: &ServiceId) -> Error {
    Error::not_found(format!("service {id} does not exist"))
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;

    fn began() -> Timestamp {
        "2026-11-23T06:00:00Z".parse().unwrap()
    }

    /// A service whose one deployment is so much younger than its start.
    fn service(after: SignedDuration, state: DeploymentState, running: u32) -> Service {
        let id = ServiceId { cluster: "prod".into(), name: "web".into() };
        let at = began() + after;
        let deployment = Deployment {
            id: "ecs-svc/1".into(),
            primary: true,
            revision: "web:1".into(),
            state,
            reason: None,
            running,
            failed: 0,
            created_at: at,
            updated_at: at,
        };
        Service { status: "ACTIVE".into(), desired: 2, running, deployments: vec![deployment], ..absent(&id) }
    }

    #[test]
    fn the_tasks_of_a_service_that_starts_are_read_until_a_deployment_of_its_own_is_complete() {
        let mut entry = Entry::default();
        let until = began() + SignedDuration::from_mins(10);
        entry.record.state = Some(State::Starting { since: began(), until, announced: false });
        let second = SignedDuration::from_secs(1);
        for (service, reads) in [
            (service(second, DeploymentState::Completed, 2), false),
            (service(second, DeploymentState::InProgress, 2), true),
            (service(second, DeploymentState::Completed, 1), true),
            (service(-second, DeploymentState::Completed, 2), true),
        ] {
            assert_eq!(needs_tasks(&service, &entry), reads, "{:?}", service.deployments);
        }
        entry.record.state = Some(State::ScaledToZero { since: began() });
        assert!(needs_tasks(&service(second, DeploymentState::Completed, 2), &entry));
    }
}
