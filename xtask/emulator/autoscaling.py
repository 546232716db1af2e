"""Application Auto Scaling, which MiniStack has not: moto's, behind the same address."""

import io

_application = None


def _moto():
    """moto's server application, imported when somebody first asks: it takes a second."""
    global _application
    if _application is None:
        from moto.server import DomainDispatcherApplication, create_backend_app

        _application = DomainDispatcherApplication(create_backend_app)
    return _application


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


def prepare(request):
    """Makes clusters and services known to moto, which registers targets only for services that it has."""
    from moto.ecs import ecs_backends

    from server import ACCOUNT, REGION

    backend = ecs_backends[ACCOUNT][REGION]
    for service in request["services"]:
        cluster, name = service["cluster"], service["service"]
        if cluster not in backend.clusters:
            backend.create_cluster(cluster, None, None, None, None, None)
        if f"{cluster}:{name}" not in backend.services:
            backend.create_service(cluster, name, desired_count=0, deployment_controller={"type": "EXTERNAL"})
    return {}
