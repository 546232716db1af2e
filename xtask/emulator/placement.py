"""Where tasks run: capacity providers, Spot that runs dry or takes tasks back, and protection from being stopped."""

import time

import tasks
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response, now_iso
from ministack.services import ecs

SPOT = "FARGATE_SPOT"
REFUSED = (
    "When switching from launch type to capacity provider strategy on an existing service, or making a change to a "
    "capacity provider strategy on a service that is already using one, you must force a new deployment."
)

# Whether there is Spot; a door sets it.
_spot = {"capacity": True}


def install():
    ecs._ACTION_MAP.update(UpdateTaskProtection=update_protection, GetTaskProtection=get_protection)


def set_spot(request):
    """Spot runs dry, or has capacity again. Tasks that run go on running; those that should start do not."""
    _spot["capacity"] = bool(request["capacity"])
    return {}


def strategy(items):
    """A strategy as it is compared: order and what is left out do not count."""
    full = [(item["capacityProvider"], item.get("base", 0), item.get("weight", 0)) for item in items or []]
    return sorted(full)


def refusal(service, data):
    """AWS's refusal of a change of strategy that forces no deployment, else None."""
    if "capacityProviderStrategy" not in data or data.get("forceNewDeployment"):
        return None
    if strategy(data["capacityProviderStrategy"]) == strategy(service.get("capacityProviderStrategy")):
        return None
    return error_response_json("InvalidParameterException", REFUSED, 400)


def providers(deployment, running, count):
    """The providers of `count` more tasks of a deployment of which these run: bases first, then by weight."""
    items = deployment.get("capacityProviderStrategy")
    if not items:
        return [None] * count
    placed = {item["capacityProvider"]: 0 for item in items}
    for task in running:
        if task.get("capacityProviderName") in placed:
            placed[task["capacityProviderName"]] += 1
    chosen = []
    for _ in range(count):
        item = min(items, key=lambda item: share(item, placed[item["capacityProvider"]]))
        placed[item["capacityProvider"]] += 1
        chosen.append(item["capacityProvider"])
    return chosen


def share(item, placed):
    """How well a provider is served already: one that lacks its base comes first, one without weight last."""
    base, weight = item.get("base", 0), item.get("weight", 0)
    if placed < base:
        return (0, 0, 0)
    return (1, (placed - base + 1) / weight, -weight) if weight else (2, 0, 0)


def has_room(provider):
    return provider != SPOT or _spot["capacity"]


def could_run(deployment, count):
    """Is there capacity for that many tasks of a deployment that has none yet?"""
    return all(has_room(provider) for provider in providers(deployment, [], count))


def shortage(service, deployment):
    """The event of tasks that find no capacity; ECS repeats it, here it is sent once for each cause."""
    cause = (deployment["id"], service["desiredCount"])
    if service.get("_shortage") == cause:
        return []
    service["_shortage"] = cause
    arn = f"arn:aws:ecs:{get_region()}:{get_account_id()}:capacity-provider/{SPOT}"
    return [tasks.action(service, "ERROR", "SERVICE_TASK_PLACEMENT_FAILURE",
                         {"capacityProviderArns": [arn], "reason": "RESOURCE:FARGATE"})]


def interrupt(request):
    """Spot takes tasks of a service back: their two minutes' warning, as events. They end when ECS's part is played."""
    service = ecs._services[f"{request['cluster']}/{request['service']}"]
    on_spot = [task for task in tasks.wanted(service) if task.get("capacityProviderName") == SPOT]
    events = []
    for task in on_spot[: request.get("count", len(on_spot))]:
        task.update(desiredStatus="STOPPED", stoppingAt=now_iso(), version=task["version"] + 1)
        task.update(stopCode="SpotInterruption", stoppedReason="Your Spot Task was interrupted.")
        events.append(tasks.changed(task))
    return {"events": events}


def protected(task):
    return task.get("_protected_until", 0) > time.time()


def update_protection(data):
    def change(task):
        task.pop("_protected_until", None)
        if data["protectionEnabled"]:
            task["_protected_until"] = time.time() + 60 * data.get("expiresInMinutes", 120)

    return each_task(data, change)


def get_protection(data):
    return each_task(data, lambda _task: None)


def each_task(data, change):
    """Changes the protection of tasks and answers with it; one that ended is a failure inside the answer."""
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    told, failures = [], []
    for named in data.get("tasks", []):
        task = ecs._resolve_task(named, cluster)
        if task is None or task["lastStatus"] != "RUNNING":
            failures.append({"arn": named, "reason": "TASK_NOT_VALID"})
            continue
        change(task)
        told.append({"taskArn": task["taskArn"], "protectionEnabled": protected(task)})
        if protected(task):
            told[-1]["expirationDate"] = round(task["_protected_until"], 3)
    return json_response({"protectedTasks": told, "failures": failures})
