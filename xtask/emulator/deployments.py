"""ECS's deployments: they take time, succeed or fail, are rolled back, and emit events.

MiniStack completes every deployment at once. Here a deployment starts IN_PROGRESS and moves one transition per
`advance()`, which returns the events that ECS would emit. Whether it succeeds is up to its images: one that is not
in the local ECR cannot be pulled, and one whose manifest is annotated `local.outcome` ends as that says
(outcomes.py).
"""

import secrets

import events
import history
import one_off
import outcomes
import placement
import protection
import spot
import tasks
from clock import now_iso
from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import ecs


def make(revision, desired, _status="PRIMARY"):
    now = now_iso()
    return {
        "id": f"ecs-svc/{secrets.randbelow(9 * 10**18) + 10**18}",
        "status": "PRIMARY",
        "taskDefinition": revision,
        "desiredCount": desired,
        "pendingCount": 0,
        "runningCount": 0,
        "failedTasks": 0,
        "createdAt": now,
        "updatedAt": now,
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": "ECS deployment in progress.",
        # ECS resolves a tag when a deployment starts, and keeps to it.
        "_digests": outcomes.digests(ecs._task_defs.get(ecs._resolve_td_key(revision))),
    }


def become_primary(service, deployment):
    for other in service["deployments"]:
        other["status"] = "ACTIVE"
    service["deployments"] = [deployment] + [other for other in service["deployments"] if other is not deployment]
    deployment.update(status="PRIMARY", updatedAt=now_iso())


def advance(_request):
    """Moves every service and every task by one transition; the events that ECS emits for that."""
    emitted = []
    for account, region, key in list(ecs._services._data):
        set_request_account_id(account)
        set_request_region(region)
        service = ecs._services[key]
        if service["status"] == "ACTIVE":
            emitted += advance_service(service)
    for account, region, arn in list(ecs._tasks._data):
        set_request_account_id(account)
        set_request_region(region)
        emitted += one_off.advance(ecs._tasks[arn])
    return {"events": emitted}


def advance_service(service):
    primary = service["deployments"][0]
    room = tasks.scale(service)
    if primary["rolloutState"] == "FAILED":
        return roll_back(service, primary)
    if primary["rolloutState"] != "IN_PROGRESS":
        if not room:
            return spot.shortage(service, primary)
        service.pop("_shortage", None)
        return tasks.struggle(service, primary)
    if not primary.get("_announced"):
        primary["_announced"] = True
        return [events.deployment_changed(service, primary, "IN_PROGRESS", f"ECS deployment {primary['id']} in progress.")]
    outcome = outcomes.of_deployment(ecs._task_defs[ecs._resolve_td_key(primary["taskDefinition"])])
    if outcome is None or service["desiredCount"] == 0:
        if not placement.could_run(primary, service["desiredCount"]):
            return spot.shortage(service, primary)
        waits = any(protection.protected(task) for task in tasks.wanted(service) if task["startedBy"] != primary["id"])
        return [] if waits else complete(service, primary)
    if outcome == outcomes.NEVER:
        return []
    return fail(service, primary, outcome)


def complete(service, primary):
    primary.update(rolloutState="COMPLETED", rolloutStateReason=f"ECS deployment {primary['id']} completed.")
    primary["updatedAt"] = now_iso()
    service["_completed"] = primary
    history.completed(service)
    service["deployments"] = [primary]
    tasks.scale(service)
    return [events.deployment_changed(service, primary, "COMPLETED", primary["rolloutStateReason"])]


def fail(service, primary, outcome):
    primary["failedTasks"] += 1
    tasks.failed(service, primary, outcome)
    breaker = service["deploymentConfiguration"].get("deploymentCircuitBreaker", {})
    if primary["failedTasks"] < 3 or not breaker.get("enable"):
        # Without a circuit breaker ECS tries for ever.
        return advance_service(service) if primary["failedTasks"] < 3 else []
    reason = "ECS deployment circuit breaker: tasks failed to start."
    primary.update(rolloutState="FAILED", rolloutStateReason=reason, updatedAt=now_iso())
    primary["_rollback"] = bool(breaker.get("rollback"))
    # What it would roll back to decides the next transition; without one, the deployment has stopped.
    rolls_back = primary["_rollback"] and service.get("_completed") is not None
    history.end(service, "ROLLBACK_IN_PROGRESS" if rolls_back else "STOPPED", reason)
    return [events.deployment_changed(service, primary, "FAILED", reason, "ERROR")]


def roll_back(service, failed):
    """The last deployment that completed becomes the primary one again, under its own id."""
    former = service.get("_completed")
    if not failed.pop("_rollback", False) or former is None:
        return []
    reason = f"ECS deployment circuit breaker: rolling back to deploymentId {former['id']}."
    former.update(rolloutState="IN_PROGRESS", rolloutStateReason=reason, desiredCount=service["desiredCount"])
    become_primary(service, former)
    service["taskDefinition"] = former["taskDefinition"]
    if former.get("capacityProviderStrategy"):
        service["capacityProviderStrategy"] = former["capacityProviderStrategy"]
    return [events.deployment_changed(service, former, "IN_PROGRESS", reason)]
