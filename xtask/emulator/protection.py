"""Scale-in protection of tasks."""

import time

from ministack.core.responses import json_response
from ministack.services import ecs


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
    """Changes the protection of tasks and answers with it; a stopped task is a failure inside the answer."""
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    protected_tasks, failures = [], []
    for named in data.get("tasks", []):
        task = ecs._resolve_task(named, cluster)
        if task is None or task["lastStatus"] != "RUNNING":
            failures.append({"arn": named, "reason": "TASK_NOT_VALID"})
            continue
        change(task)
        protected_tasks.append({"taskArn": task["taskArn"], "protectionEnabled": protected(task)})
        if protected(task):
            protected_tasks[-1]["expirationDate"] = round(task["_protected_until"], 3)
    return json_response({"protectedTasks": protected_tasks, "failures": failures})
