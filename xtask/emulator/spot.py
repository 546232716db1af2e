"""Spot shortages and interruptions."""

import events
import placement
import tasks
from ministack.core.responses import get_account_id, get_region, now_iso
from ministack.services import ecs


def shortage(service, deployment):
    """The event of tasks that find no capacity; ECS repeats it, here it is sent once for each cause."""
    cause = (deployment["id"], service["desiredCount"])
    if service.get("_shortage") == cause:
        return []
    service["_shortage"] = cause
    arn = f"arn:aws:ecs:{get_region()}:{get_account_id()}:capacity-provider/{placement.SPOT}"
    return [events.service_action(service, "ERROR", "SERVICE_TASK_PLACEMENT_FAILURE",
                         {"capacityProviderArns": [arn], "reason": "RESOURCE:FARGATE"})]


def interrupt(request):
    """Spot interrupts tasks of a service: their two minutes' warning, as events. They stop as ECS progresses."""
    service = ecs._services[f"{request['cluster']}/{request['service']}"]
    on_spot = [task for task in tasks.wanted(service) if task.get("capacityProviderName") == placement.SPOT]
    warnings = []
    for task in on_spot[: request.get("count", len(on_spot))]:
        task.update(desiredStatus="STOPPED", stoppingAt=now_iso(), version=task["version"] + 1)
        task.update(stopCode="SpotInterruption", stoppedReason="Your Spot Task was interrupted.")
        warnings.append(events.task_changed(task))
    return {"events": warnings}
