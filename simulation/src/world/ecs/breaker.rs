//! What ends a deployment: success, the circuit breaker, an alarm; and the rollback.
//!
//! Circuit breaker: `DeploymentCircuitBreaker` and `ThresholdConfiguration` of the API reference: `BOUNDED_PERCENT` 50 of the desired count, between 3 and 200; one healthy
//! task resets the count unless `resetOnHealthyTask` is false; a task that cannot be placed counts (`Deployment.failedTasks`).
//! "The service is rolled back to the last deployment that completed successfully"; what is deployed again is its service revision, with its strategy.
//! Alarms: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html>.

use jiff::SignedDuration;
use serde_json::Value;

use super::model::{Cause, Rollout, Start};
use super::state::{Around, Ecs};
use super::values::{list, number, truth};
use crate::world::Cx;

/// How often ECS reads the alarms, and the bake time. ECS computes this time from the alarms:
/// what they need to be in ALARM for a deployment that is bad.
const WATCH: SignedDuration = SignedDuration::from_secs(30);
const BAKE: SignedDuration = SignedDuration::from_mins(5);

impl Ecs {
    fn breaker(&self, service: usize) -> &Value {
        &self.services[service].spec["deploymentConfiguration"]["deploymentCircuitBreaker"]
    }

    fn alarm_names(&self, service: usize) -> Vec<String> {
        let alarms = &self.services[service].spec["deploymentConfiguration"]["alarms"];
        let names = list(&alarms["alarmNames"]).iter().filter_map(|name| name.as_str().map(str::to_owned));
        if truth(&alarms["enable"]) == Some(true) { names.collect() } else { Vec::new() }
    }

    fn first_in_alarm(&self, service: usize, around: Around<'_>) -> Option<String> {
        let mut names = self.alarm_names(service).into_iter();
        names.find(|name| self.environment.alarms.contains(name) || around.cloudwatch.in_alarm(name))
    }

    /// Failed tasks that end a deployment.
    pub(super) fn threshold(&self, service: usize) -> i64 {
        let own = &self.breaker(service)["thresholdConfiguration"];
        let value = number(&own["value"]).unwrap_or(50);
        let share = (self.services[service].desired * value + 99) / 100;
        match own["type"].as_str().unwrap_or("BOUNDED_PERCENT") {
            "COUNT" => value,
            "UNBOUNDED_PERCENT" => share.max(1),
            _ => share.clamp(3, 200),
        }
    }

    /// Counts a failed task of a deployment.
    pub(super) fn count_failure(&mut self, of: Option<(usize, usize)>, around: Around<'_>, cx: &mut Cx<'_>) {
        let Some((service, deployment)) = of else { return };
        if deployment != self.services[service].primary || self.services[service].primary().state != Rollout::InProgress
        {
            return;
        }
        self.counters.failed += 1;
        self.services[service].deployments[deployment].failed += 1;
        let failed = self.services[service].deployments[deployment].failed;
        let threshold = self.threshold(service);
        if let Some(rollout) = self.services[service].rollouts.last_mut() {
            rollout.failures = (failed, threshold);
        }
        if truth(&self.breaker(service)["enable"]) == Some(true) && failed >= threshold {
            let back = truth(&self.breaker(service)["rollback"]) == Some(true);
            self.fail(service, Cause::CircuitBreaker, "tasks failed to start.", back, around, cx);
        }
        self.changed(service, cx);
    }

    /// A task of a deployment is healthy.
    pub(super) fn task_is_healthy(&mut self, of: Option<(usize, usize)>, cx: &Cx<'_>) {
        let Some((service, deployment)) = of else { return };
        if truth(&self.breaker(service)["resetOnHealthyTask"]) != Some(false) {
            self.services[service].deployments[deployment].failed = 0;
        }
        self.changed(service, cx);
    }

    /// Reads the alarms of a deployment in progress.
    pub(super) fn watch_alarms(&mut self, service: usize, around: Around<'_>, cx: &mut Cx<'_>) {
        let deployment = self.services[service].primary();
        if deployment.state != Rollout::InProgress || self.alarm_names(service).is_empty() {
            return;
        }
        // "ECS starts monitoring ... as soon as one or more tasks of the updated service are in a running state."
        let runs = self.counts(service, Some(self.services[service].primary)).0 > 0;
        if runs && !deployment.ignores_alarms && self.first_in_alarm(service, around).is_some() {
            let back =
                truth(&self.services[service].spec["deploymentConfiguration"]["alarms"]["rollback"]) == Some(true);
            return self.fail(service, Cause::Alarm, "alarm detected.", back, around, cx);
        }
        self.look_after(service, WATCH, cx);
    }

    /// Has a deployment with alarms been in place for long enough?
    pub(super) fn has_baked(&mut self, service: usize, cx: &Cx<'_>) -> bool {
        if self.alarm_names(service).is_empty() || self.services[service].desired == 0 {
            return true;
        }
        let own = number(&self.services[service].spec["deploymentConfiguration"]["bakeTimeInMinutes"]);
        let bake = own.map_or(BAKE, SignedDuration::from_mins);
        let primary = self.services[service].primary;
        let deployment = &mut self.services[service].deployments[primary];
        let since = *deployment.baking_since.get_or_insert(cx.now);
        deployment.ignores_alarms || cx.now.duration_since(since) >= bake
    }

    /// Begins a deployment: the PRIMARY one, whatever it was before.
    pub(super) fn begin(
        &mut self,
        number: usize,
        place: usize,
        cause: Cause,
        input: Value,
        around: Around<'_>,
        cx: &mut Cx<'_>,
    ) {
        let ignores_alarms = self.first_in_alarm(number, around).is_some();
        let service = &mut self.services[number];
        service.primary = place;
        service.is_steady = false;
        service.throttle = (0, cx.now);
        service.unplaced = 0;
        let deployment = &mut service.deployments[place];
        deployment.state = Rollout::InProgress;
        deployment.failed = 0;
        deployment.updated_at = cx.now;
        deployment.baking_since = None;
        deployment.ignores_alarms = ignores_alarms;
        let revision = &service.revisions[deployment.revision];
        self.history.push(Start {
            at: cx.now,
            cluster: service.cluster.clone(),
            service: service.name.clone(),
            deployment: deployment.id.clone(),
            cause,
            definition: revision.definition["taskDefinitionArn"].as_str().unwrap_or_default().to_owned(),
            strategy: revision.strategy.clone(),
            input,
        });
        self.emit_deployment(number, place, "INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS", cx);
        self.soon(number, cx);
    }

    /// The PRIMARY deployment has succeeded.
    pub(super) fn completed(&mut self, number: usize, cx: &mut Cx<'_>) {
        let service = &mut self.services[number];
        let place = service.primary;
        let deployment = &mut service.deployments[place];
        let id = deployment.id.clone();
        let was_rollback = std::mem::take(&mut deployment.is_rollback);
        deployment.state = Rollout::Completed;
        deployment.reason = format!("ECS deployment {id} completed.");
        deployment.updated_at = cx.now;
        deployment.succeeded = true;
        self.finish(number, if was_rollback { "ROLLBACK_SUCCESSFUL" } else { "SUCCESSFUL" }, None, cx);
        self.emit_deployment(number, place, "INFO", "SERVICE_DEPLOYMENT_COMPLETED", cx);
        self.add_event(number, &format!("(deployment {id}) deployment completed."), cx);
    }

    /// Ends the service deployment in progress.
    pub(super) fn finish(&mut self, number: usize, status: &'static str, reason: Option<String>, cx: &Cx<'_>) {
        let rollout = self.services[number].rollouts.last_mut().filter(|rollout| rollout.finished_at.is_none());
        if let Some(rollout) = rollout {
            rollout.status = status;
            rollout.reason = reason.or(rollout.reason.take());
            rollout.finished_at = Some(cx.now);
            rollout.updated_at = cx.now;
        }
    }

    /// The PRIMARY deployment has failed; ECS rolls back where it is to and can.
    fn fail(&mut self, number: usize, cause: Cause, what: &str, back: bool, around: Around<'_>, cx: &mut Cx<'_>) {
        // Of an alarm only the service event is known: "deployment failed: alarm detected." The `rolloutStateReason` is inferred.
        let who = if cause == Cause::Alarm { "ECS deployment alarm" } else { "ECS deployment circuit breaker" };
        let service = &mut self.services[number];
        let failed = service.primary;
        let deployment = &mut service.deployments[failed];
        deployment.state = Rollout::Failed;
        deployment.reason = format!("{who}: {what}");
        deployment.updated_at = cx.now;
        let (id, was_rollback) = (deployment.id.clone(), std::mem::take(&mut deployment.is_rollback));
        if let Some(rollout) = service.rollouts.last_mut() {
            rollout.triggered = Some(if cause == Cause::Alarm { "alarms" } else { "circuitBreaker" });
        }
        let succeeded = |place: &usize| service.deployments[*place].succeeded && *place != failed;
        let target =
            (0..service.deployments.len()).filter(succeeded).max_by_key(|place| service.deployments[*place].updated_at);
        self.emit_deployment(number, failed, "ERROR", "SERVICE_DEPLOYMENT_FAILED", cx);
        self.add_event(number, &format!("(deployment {id}) deployment failed: {what}"), cx);
        let reason = format!("Service deployment rolled back because {what}");
        // A rollback that fails is not rolled back: copilot-cli#4838.
        let Some(target) = target.filter(|_| back && !was_rollback) else {
            // There is no status for a failure without a rollback; that it is STOPPED is inferred.
            let (status, reason) = match was_rollback {
                true => ("ROLLBACK_FAILED", reason),
                false => ("STOPPED", format!("Service deployment failed because {what}")),
            };
            self.finish(number, status, Some(reason), cx);
            return self.changed(number, cx);
        };
        self.counters.rollbacks += 1;
        let revision = self.services[number].deployments[target].revision;
        if let Some(rollout) = self.services[number].rollouts.last_mut() {
            rollout.status = "ROLLBACK_IN_PROGRESS";
            rollout.updated_at = cx.now;
            rollout.rollback = Some((cx.now, reason.clone(), revision));
            rollout.reason = Some(reason);
        }
        let deployment = &mut self.services[number].deployments[target];
        let id = deployment.id.clone();
        deployment.is_rollback = true;
        deployment.reason = format!("{who}: rolling back to deploymentId {id}.");
        self.add_event(number, &format!("rolling back to deployment {id}."), cx);
        self.begin(number, target, cause, Value::Null, around, cx);
        self.changed(number, cx);
    }
}
