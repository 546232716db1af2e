"""ECS's events, as EventBridge delivers them."""

from ministack.core.responses import get_account_id, get_region, new_uuid, now_iso
from ministack.services import ecs


def deployment_changed(service, deployment, name, reason, kind="INFO"):
    """An `ECS Deployment State Change`: the service is named in `resources` alone."""
    detail = {
        "eventType": kind,
        "eventName": f"SERVICE_DEPLOYMENT_{name}",
        "deploymentId": deployment["id"],
        "updatedAt": now_iso(),
        "reason": reason,
    }
    return envelope("ECS Deployment State Change", [service["serviceArn"]], detail)


def task_changed(task):
    """An `ECS Task State Change`."""
    detail = {name: value for name, value in ecs._sanitize(task).items() if name != "tags"}
    return envelope("ECS Task State Change", [task["taskArn"]], {**detail, "updatedAt": now_iso()})


def service_action(service, kind, name, more):
    """An `ECS Service Action`."""
    detail = {"eventType": kind, "eventName": name, "clusterArn": service["clusterArn"], **more, "createdAt": now_iso()}
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
