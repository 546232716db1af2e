"""Application Auto Scaling: moto's, with the scalable targets of the templates registered in it."""

import tasks
from account import ACCOUNT, REGION
from ministack.services import ecs

KIND = "AWS::ApplicationAutoScaling::ScalableTarget"
FLAGS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


def handlers():
    """What CloudFormation does with a scalable target of a template."""
    return {
        "create": lambda _logical_id, props, _stack: register(props),
        "update": lambda _id, _old, props, _stack: register(props),
        "delete": deregister,
    }


def _targets():
    from moto.applicationautoscaling import applicationautoscaling_backends

    return applicationautoscaling_backends[ACCOUNT][REGION]


def register(props):
    """Bounds and suspended state of a target become the template's."""
    resource, dimension, namespace = props["ResourceId"], props["ScalableDimension"], props["ServiceNamespace"]
    make_known(resource)
    given = props.get("SuspendedState") or {}
    suspended = {flag: str(given.get(flag, False)).lower() == "true" for flag in FLAGS}
    bounds = int(props["MinCapacity"]), int(props["MaxCapacity"])
    _targets().register_scalable_target(namespace, resource, dimension, *bounds, props.get("RoleARN"), suspended)
    return f"{resource}|{dimension}|{namespace}", {}


def deregister(physical_id, _props):
    resource, dimension, namespace = physical_id.split("|")
    if resource in _targets().targets.get(dimension, {}):
        _targets().deregister_scalable_target(namespace, resource, dimension)


def make_known(resource):
    """Makes a service known to moto, which registers targets only of services that it has."""
    from moto.ecs import ecs_backends

    _, cluster, name = resource.split("/")
    backend = ecs_backends[ACCOUNT][REGION]
    if cluster not in backend.clusters:
        backend.create_cluster(cluster, None, None, None, None, None)
    if f"{cluster}:{name}" not in backend.services:
        backend.create_service(cluster, name, desired_count=0, deployment_controller={"type": "EXTERNAL"})


def act(request):
    """A scaling policy scales `out` or `in` by one task, within the bounds, unless scaling is suspended."""
    name = f"{request['cluster']}/{request['service']}"
    target = _targets().targets["ecs:service:DesiredCount"][f"service/{name}"]
    service = ecs._services[name]
    before = service["desiredCount"]
    out = request["direction"] == "out"
    if (target.suspended_state or {}).get(FLAGS[1] if out else FLAGS[0]):
        return {"before": before, "after": before, "suspended": True}
    # Below its minimum a service is raised by scaling out alone; above its maximum it is lowered by scaling in alone.
    after = max(before + 1, target.min_capacity) if out else min(before - 1, target.max_capacity)
    after = max(before, min(after, target.max_capacity)) if out else min(before, max(after, target.min_capacity))
    service["desiredCount"] = after
    tasks.scale(service)
    return {"before": before, "after": after, "suspended": False}
