"""Tasks of a service: as many as its desired count, and failed ones with their reasons."""

import uuid

import events
import outcomes
import placement
import protection
from clock import now_iso
from ministack.core.responses import get_account_id, get_region
from ministack.services import ecs

# So many tasks fail before ECS says that it cannot start them.
ATTEMPTS = 3


def of_service(service):
    return [task for task in ecs._tasks.values() if task["group"] == f"service:{service['serviceName']}"
            and task["clusterArn"] == service["clusterArn"]]


def wanted(service):
    """The tasks of a service that should run: those that do, and those that are about to."""
    return [task for task in of_service(service) if task["desiredStatus"] == "RUNNING"]


def scale(service):
    """Runs as many tasks as the service asks for, of the deployments that have some; False when there is no capacity.

    A deployment in progress has none of its own until it completes; the former one's keep running. A task that is
    protected is not stopped, and one of an image that does not run is tried when ECS's part is played.
    """
    primary = service["deployments"][0]
    primary["desiredCount"] = service["desiredCount"]
    serving = primary if primary["rolloutState"] == "COMPLETED" else service.get("_completed")
    mine = [task for task in wanted(service) if serving and task["startedBy"] == serving["id"]]
    keep = sorted(mine, key=lambda task: not protection.protected(task))[: service["desiredCount"]]
    for task in wanted(service):
        if task not in keep and not protection.protected(task):
            reason = f"Scaling activity initiated by (deployment {primary['id']})"
            stop(task, {"stopCode": "ServiceSchedulerInitiated", "stoppedReason": reason, "container": {"exitCode": 0}})
    room, missing = True, service["desiredCount"] - len(mine)
    if serving and missing > 0:
        outcome = outcome_of(serving)
        for provider in placement.providers(serving, keep, missing):
            if not placement.has_room(provider):
                room = False
            elif outcome in (None, outcomes.NEVER):
                start(service, serving, provider, "PENDING" if outcome else "RUNNING")
    count(service)
    return room


def outcome_of(deployment):
    return outcomes.of_deployment(ecs._task_defs[ecs._resolve_td_key(deployment["taskDefinition"])])


def struggle(service, serving):
    """A service that woke with an image whose tasks end: some attempts, then ECS says that it cannot start them."""
    outcome = outcome_of(serving)
    lacks = service["desiredCount"] > len(wanted(service))
    if not lacks or outcome in (None, outcomes.NEVER) or serving.get("_impaired"):
        return []
    serving["_impaired"] = True
    for _ in range(ATTEMPTS):
        failed(service, serving, outcome)
    return [events.service_action(service, "WARN", "SERVICE_TASK_START_IMPAIRED", {})]


def count(service):
    running = [task for task in of_service(service) if task["lastStatus"] == "RUNNING"]
    service["runningCount"] = len(running)
    service["pendingCount"] = len(wanted(service)) - sum(task in running for task in wanted(service))
    for deployment in service["deployments"]:
        deployment["runningCount"] = sum(task["startedBy"] == deployment["id"] for task in running)
    ecs._recount_cluster(service["clusterArn"].rsplit("/", 1)[-1])


def start(service, deployment, provider=None, status="RUNNING"):
    revision = ecs._task_defs[ecs._resolve_td_key(deployment["taskDefinition"])]
    cluster = service["clusterArn"].rsplit("/", 1)[-1]
    arn = f"arn:aws:ecs:{get_region()}:{get_account_id()}:task/{cluster}/{uuid.uuid4().hex}"
    now = now_iso()
    checked = any("healthCheck" in container for container in revision["containerDefinitions"])
    health = "HEALTHY" if checked and status == "RUNNING" else "UNKNOWN"
    containers = ecs._build_task_containers(revision, [])
    for container in containers:
        del container["exitCode"]
        container.update(taskArn=arn, healthStatus=health, lastStatus=status)
        if digest := deployment["_digests"].get(container["name"]):
            container["imageDigest"] = digest
    task = {
        "taskArn": arn,
        "clusterArn": service["clusterArn"],
        "taskDefinitionArn": revision["taskDefinitionArn"],
        "group": f"service:{service['serviceName']}",
        "startedBy": deployment["id"],
        "launchType": "FARGATE",
        "lastStatus": status,
        "desiredStatus": "RUNNING",
        "healthStatus": health,
        "createdAt": now,
        "startedAt": now,
        "connectivity": "CONNECTED",
        "cpu": revision.get("cpu", "256"),
        "memory": revision.get("memory", "512"),
        "overrides": {"containerOverrides": []},
        "attachments": [],
        "containers": containers,
        "version": 1,
    }
    if provider:
        task["capacityProviderName"] = provider
    if status != "RUNNING":
        del task["startedAt"]
    ecs._tasks[arn] = task
    return task


def stop(task, end):
    now = now_iso()
    task.update(lastStatus="STOPPED", desiredStatus="STOPPED", stoppedAt=now, stoppingAt=now)
    task.update(stopCode=end["stopCode"], stoppedReason=end["stoppedReason"], version=task["version"] + 1)
    for container in task["containers"]:
        container["lastStatus"] = "STOPPED"
        if end.get("name") in (None, container["name"]):
            container.update(end["container"])
        elif end["container"]:
            container["exitCode"] = 0


def failed(service, deployment, outcome):
    """A task of the deployment that did not make it."""
    task = start(service, deployment, placement.providers(deployment, [], 1)[0])
    if outcome["stopCode"] == "TaskFailedToStart":
        del task["startedAt"]
        for container in task["containers"]:
            container.pop("runtimeId", None)
            container.pop("imageDigest", None)
    stop(task, outcome)
    count(service)
