"""ECS's part: deployments that take time, succeed or fail, are rolled back, and say so by events.

MiniStack completes every deployment at once. Here a deployment starts IN_PROGRESS and moves one transition per
`advance()`, which returns the events that ECS would emit. Whether it succeeds is up to its images: one that is not
in the local ECR cannot be pulled, and one whose manifest is annotated `local.outcome` ends as that says
(outcomes.py).
"""

import json
import secrets

import outcomes
import placement
import tasks
from ministack.core.responses import error_response_json, json_response, now_iso, set_request_account_id, set_request_region
from ministack.services import ecs

KEPT = ("desiredCount", "networkConfiguration", "loadBalancers", "serviceRegistries", "capacityProviderStrategy")
SETTINGS = KEPT[1:] + (
    "healthCheckGracePeriodSeconds", "enableExecuteCommand", "deploymentConfiguration", "platformVersion",
    "enableECSManagedTags", "propagateTags", "availabilityZoneRebalancing",
)


def install():
    placement.install()
    ecs._get_docker = lambda: None
    ecs._make_deployment = make_deployment
    ecs._reconcile_service_tasks = lambda _cluster, key: tasks.scale(ecs._services[key])
    register, create, run = ecs._register_task_definition, ecs._create_service, ecs._run_task
    ecs._ACTION_MAP.update(
        RegisterTaskDefinition=lambda data: register_task_definition(register, data),
        CreateService=lambda data: create_service(create, data),
        UpdateService=update_service,
        RunTask=lambda data: tasks.run(run, data),
    )


def register_task_definition(original, data):
    """Every field comes back as it was given, and nothing else: no nulls, no empty texts."""
    status, headers, body = original(data)
    if status != 200:
        return status, headers, body
    registered = ecs._task_defs[ecs._resolve_td_key(json.loads(body)["taskDefinition"]["taskDefinitionArn"])]
    for name, value in data.items():
        if name != "tags":
            registered.setdefault(name, value)
    for name in [name for name, value in registered.items() if value in (None, "")]:
        del registered[name]
    return json_response({"taskDefinition": registered, "tags": data.get("tags", [])})


def create_service(original, data):
    status, headers, body = original(data)
    if status != 200:
        return status, headers, body
    service = ecs._services[f"{ecs._resolve_cluster_name(data.get('cluster'))}/{data['serviceName']}"]
    service.update({name: data[name] for name in SETTINGS if name in data})
    if data.get("capacityProviderStrategy"):
        service.pop("launchType", None)
        service["deployments"][0].pop("launchType", None)
        service["deployments"][0]["capacityProviderStrategy"] = data["capacityProviderStrategy"]
    return json_response({"service": ecs._sanitize(service)})


def make_deployment(revision, desired, _status="PRIMARY"):
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


def update_service(data):
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    name, named = ecs._resolve_service_ref(data.get("service", "")) or ("", None)
    service = ecs._services.get(f"{cluster}/{name}") if named in (None, cluster) else None
    if service is None:
        return error_response_json("ServiceNotFoundException", "Service not found.", 400)
    if service["status"] != "ACTIVE":
        return error_response_json("ServiceNotActiveException", "Service was not ACTIVE.", 400)
    if refusal := placement.refusal(service, data):
        return refusal
    revision = service["taskDefinition"]
    if data.get("taskDefinition"):
        key = ecs._resolve_td_key(data["taskDefinition"])
        if key not in ecs._task_defs:
            return error_response_json("ClientException", "TaskDefinition not found.", 400)
        revision = ecs._task_defs[key]["taskDefinitionArn"]
    service.update({name: data[name] for name in SETTINGS if name in data})
    if data.get("desiredCount") is not None:
        service["desiredCount"] = data["desiredCount"]
    # A change of the count is no deployment; a revision or a demand for one is.
    if revision != service["taskDefinition"] or data.get("forceNewDeployment"):
        deployment = make_deployment(revision, service["desiredCount"])
        if service.get("capacityProviderStrategy"):
            service.pop("launchType", None)
            del deployment["launchType"]
            deployment["capacityProviderStrategy"] = service["capacityProviderStrategy"]
        become_primary(service, deployment)
        service["taskDefinition"] = revision
    tasks.scale(service)
    return json_response({"service": ecs._sanitize(service)})


def desired(request):
    """The desired count of a service."""
    return ecs._services[f"{request['cluster']}/{request['service']}"]["desiredCount"]


def set_desired(request, count):
    """What Application Auto Scaling does to a service."""
    service = ecs._services[f"{request['cluster']}/{request['service']}"]
    service["desiredCount"] = count
    tasks.scale(service)


def become_primary(service, deployment):
    for other in service["deployments"]:
        other["status"] = "ACTIVE"
    service["deployments"] = [deployment] + [other for other in service["deployments"] if other is not deployment]
    deployment.update(status="PRIMARY", updatedAt=now_iso())


def advance():
    """Moves every service and every one-off task by one transition; the events that ECS emits for that."""
    events = []
    for account, region, key in list(ecs._services._data):
        set_request_account_id(account)
        set_request_region(region)
        service = ecs._services[key]
        if service["status"] == "ACTIVE":
            events += advance_service(service)
    for account, region, arn in list(ecs._tasks._data):
        set_request_account_id(account)
        set_request_region(region)
        events += tasks.advance(ecs._tasks[arn])
    return events


def advance_service(service):
    primary = service["deployments"][0]
    room = tasks.scale(service)
    if primary["rolloutState"] == "FAILED":
        return roll_back(service, primary)
    if primary["rolloutState"] != "IN_PROGRESS":
        if not room:
            return placement.shortage(service, primary)
        service.pop("_shortage", None)
        return tasks.struggle(service, primary)
    if not primary.get("_announced"):
        primary["_announced"] = True
        return [event(service, primary, "IN_PROGRESS", f"ECS deployment {primary['id']} in progress.")]
    outcome = outcomes.of_deployment(ecs._task_defs[ecs._resolve_td_key(primary["taskDefinition"])])
    if outcome is None or service["desiredCount"] == 0:
        if not placement.could_run(primary, service["desiredCount"]):
            return placement.shortage(service, primary)
        waits = any(placement.protected(task) for task in tasks.wanted(service) if task["startedBy"] != primary["id"])
        return [] if waits else complete(service, primary)
    if outcome == outcomes.NEVER:
        return []
    return fail(service, primary, outcome)


def complete(service, primary):
    primary.update(rolloutState="COMPLETED", rolloutStateReason=f"ECS deployment {primary['id']} completed.")
    primary["updatedAt"] = now_iso()
    service["_completed"] = primary
    service["deployments"] = [primary]
    tasks.scale(service)
    return [event(service, primary, "COMPLETED", primary["rolloutStateReason"])]


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
    return [event(service, primary, "FAILED", reason, "ERROR")]


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
    return [event(service, former, "IN_PROGRESS", reason)]


def event(service, deployment, name, reason, kind="INFO"):
    """An `ECS Deployment State Change`: the service is named in `resources` alone."""
    detail = {
        "eventType": kind,
        "eventName": f"SERVICE_DEPLOYMENT_{name}",
        "deploymentId": deployment["id"],
        "updatedAt": now_iso(),
        "reason": reason,
    }
    return tasks.envelope("ECS Deployment State Change", [service["serviceArn"]], detail)
