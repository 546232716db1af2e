"""Application Auto Scaling, which MiniStack has not: moto's, behind the same address, with the templates' targets."""

import io

KIND = "AWS::ApplicationAutoScaling::ScalableTarget"
FLAGS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")

_application = None


def install():
    from ministack.services.cloudformation import provisioners

    provisioners._RESOURCE_HANDLERS[KIND] = {
        "create": lambda _logical_id, props, _stack: register(props),
        "update": lambda _id, _old, props, _stack: register(props),
        "delete": deregister,
    }


def _moto():
    """moto's server application, imported when somebody first asks: it takes a second."""
    global _application
    if _application is None:
        from moto.server import DomainDispatcherApplication, create_backend_app

        _application = DomainDispatcherApplication(create_backend_app)
    return _application


def _targets():
    from moto.applicationautoscaling import applicationautoscaling_backends

    from server import ACCOUNT, REGION

    return applicationautoscaling_backends[ACCOUNT][REGION]


def handle(path, headers, body):
    """Answers one request."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    environ.update({f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()})
    started = {}

    def start_response(status, response_headers, _error=None):
        started.update(status=int(status.split()[0]), headers=dict(response_headers))

    content = b"".join(_moto()(environ, start_response))
    kept = {name: value for name, value in started["headers"].items() if name.lower() != "content-length"}
    return started["status"], kept, content


def register(props):
    """What CloudFormation does with a target of a template: bounds and suspended state become the template's."""
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

    from server import ACCOUNT, REGION

    _, cluster, name = resource.split("/")
    backend = ecs_backends[ACCOUNT][REGION]
    if cluster not in backend.clusters:
        backend.create_cluster(cluster, None, None, None, None, None)
    if f"{cluster}:{name}" not in backend.services:
        backend.create_service(cluster, name, desired_count=0, deployment_controller={"type": "EXTERNAL"})


def reset(request):
    """The targets of every deployed template become what the template says, as in a stack update that changes them."""
    from ministack.services.cloudformation import _stacks

    for stack in _stacks.values():
        for resource in stack.get("_resources", {}).values():
            if resource["ResourceType"] == KIND and resource["Properties"]["ResourceId"] == request["resource"]:
                register({**resource["Properties"], **request.get("values", {})})
    return {}


def act(request):
    """A scaling policy's alarm rings: scaling `out` or `in` by one task, within the bounds, unless it is suspended."""
    import ecs

    target = _targets().targets["ecs:service:DesiredCount"][f"service/{request['cluster']}/{request['service']}"]
    before = ecs.desired(request)
    out = request["direction"] == "out"
    if (target.suspended_state or {}).get(FLAGS[1] if out else FLAGS[0]):
        return {"before": before, "after": before, "suspended": True}
    # Below its least a service is lifted by scaling out alone; above its greatest it is lowered by scaling in alone.
    after = max(before + 1, target.min_capacity) if out else min(before - 1, target.max_capacity)
    after = max(before, min(after, target.max_capacity)) if out else min(before, max(after, target.min_capacity))
    ecs.set_desired(request, after)
    return {"before": before, "after": after, "suspended": False}
