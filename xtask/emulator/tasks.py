"""Tasks: as many as a service asks for, failed ones with their reasons, and one-off tasks that end."""

import json
import uuid

import outcomes
import placement
from ministack.core.responses import get_account_id, get_region, json_response, new_uuid, now_iso
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
    keep = sorted(mine, key=lambda task: not placement.protected(task))[: service["desiredCount"]]
    for task in wanted(service):
        if task not in keep and not placement.protected(task):
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
    return [action(service, "WARN", "SERVICE_TASK_START_IMPAIRED", {})]


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


def run(original, data):
    """RunTask: the task starts, and ends when ECS's part is played."""
    status, headers, body = original(data)
    if status != 200:
        return status, headers, body
    started = []
    for told in json.loads(body)["tasks"]:
        task = ecs._tasks[told["taskArn"]]
        task["lastStatus"] = "PROVISIONING"
        for name in [name for name, value in task.items() if value in (None, "")]:
            del task[name]
        task.setdefault("group", "family:" + task["taskDefinitionArn"].rpartition("/")[2].rpartition(":")[0])
        for container in task["containers"]:
            container.pop("exitCode", None)
            container["lastStatus"] = "PENDING"
        task["_one_off"] = True
        started.append(ecs._sanitize(task))
    return json_response({"tasks": started, "failures": []})


def advance(task):
    """A one-off task goes on to RUNNING, then to its end; one that Spot takes back ends."""
    if task["lastStatus"] == "STOPPED":
        return []
    if task["desiredStatus"] == "STOPPED":
        stop(task, {**task, "container": {"exitCode": 143}})
        return [changed(task)]
    if not task.get("_one_off"):
        return []
    if task["lastStatus"] == "PROVISIONING":
        task.update(lastStatus="RUNNING", startedAt=now_iso(), version=task["version"] + 1)
        for container in task["containers"]:
            container["lastStatus"] = "RUNNING"
    else:
        revision = ecs._task_defs[ecs._resolve_td_key(task["taskDefinitionArn"])]
        named = next((override["name"] for override in task["overrides"].get("containerOverrides", [])), None)
        end = {"stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited"}
        pull = outcomes.of_deployment(revision)
        if isinstance(pull, dict) and pull["stopCode"] == "TaskFailedToStart":
            end = pull
        else:
            end.update(name=named, container={"exitCode": outcomes.of_task(revision, named)})
        stop(task, end)
    return [changed(task)]


def changed(task):
    """An `ECS Task State Change`."""
    detail = {name: value for name, value in ecs._sanitize(task).items() if name != "tags"}
    return envelope("ECS Task State Change", [task["taskArn"]], {**detail, "updatedAt": now_iso()})


def action(service, kind, name, told):
    """An `ECS Service Action`."""
    detail = {"eventType": kind, "eventName": name, "clusterArn": service["clusterArn"], **told, "createdAt": now_iso()}
    return envelope("ECS Service Action", [service["serviceArn"]], detail)


def envelope(detail_type, resources, detail):
    return {
        "version": "0",
        "id": new_uuid(),
        "detail-type": detail_type,
        "source": "aws.ecs",
        "account": get_account_id(),
        "time": now_iso(),
        "region": get_region(),
        "resources": resources,
        "detail": detail,
    }
