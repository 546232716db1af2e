"""One-off tasks (`RunTask`), and the end of tasks that are stopping."""

import json

import events
import outcomes
import tasks
from clock import now_iso
from ministack.core.responses import json_response
from ministack.services import ecs


def run(original, data):
    """RunTask: the task starts, and ends as ECS progresses."""
    status, headers, body = original(data)
    if status != 200:
        return status, headers, body
    started = []
    for answered in json.loads(body)["tasks"]:
        task = ecs._tasks[answered["taskArn"]]
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
    """A one-off task goes on to RUNNING, then to its end; one that Spot interrupts ends."""
    if task["lastStatus"] == "STOPPED":
        return []
    if task["desiredStatus"] == "STOPPED":
        tasks.stop(task, {**task, "container": {"exitCode": 143}})
        return [events.task_changed(task)]
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
        tasks.stop(task, end)
    return [events.task_changed(task)]
