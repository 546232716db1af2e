"""moto's server, for services that MiniStack lacks."""

import asyncio
import io

import asgi

# Services that moto answers, as signatures name them.
SIGNED = ("/application-autoscaling/aws4_request", "/budgets/aws4_request")

_application = None


def _moto():
    """moto's server application, imported with the first request: it takes a second."""
    global _application
    if _application is None:
        from moto.server import DomainDispatcherApplication, create_backend_app

        _application = DomainDispatcherApplication(create_backend_app)
    return _application


def beside(app):
    """`app`, with moto for the services that are moto's."""

    async def application(scope, receive, send):
        headers = asgi.headers(scope)
        if not any(service in headers.get("authorization", "") for service in SIGNED):
            return await app(scope, receive, send)
        body = await asgi.read(receive)
        await asgi.answer(send, *await asyncio.to_thread(handle, scope["path"], headers, body))

    return application


def handle(path, headers, body):
    """Answers one request: status, headers, body."""
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
