"""Who may use the local cloud: callers who know its access key, and no web page.

The cloud runs code as the developer, and a page that is open in the developer's browser reaches 127.0.0.1: by a POST to
another origin, which needs no preflight when it is plain text, or as its own origin once the page's name resolves to this
machine (DNS rebinding). A page cannot set the headers Host, Origin and Sec-Fetch-Site, and it does not know the key.
"""

import hmac
import re
import secrets
from urllib.parse import parse_qs

import asgi

# Another one for each cloud; what signs a request for it, and what a call of the control API has in KEY_HEADER.
ACCESS_KEY = "LOCAL" + secrets.token_hex(16).upper()
CONTROL = "/_local/"
# Not one of the headers that a page may send without asking first.
KEY_HEADER = "x-local-cloud-key"
HINT = "the access key of this cloud, which `cargo xtask local status` prints"


def in_front_of(app, port):
    """`app`, which then gets only requests that are signed with this cloud's key and come from no page."""

    async def application(scope, receive, send):
        if scope["type"] == "lifespan":
            return await app(scope, receive, send)
        headers = asgi.headers(scope)
        if scope["type"] != "http":
            # No service here is used by WebSockets, which a page may open to any address.
            return await send({"type": "websocket.close", "code": 1008})
        if refused := of_page(headers, port) or of_method(scope) or of_stranger(scope, headers):
            return await asgi.answer(send, 403, *asgi.failure(headers, *refused))
        return await app(scope, receive, send)

    return application


def of_page(headers, port):
    """Code and message of the refusal of a request that may come from a web page, else None."""
    expected = {
        "host": [f"127.0.0.1:{port}", f"localhost:{port}"],
        "origin": [],
        # `none` is an address that a person typed; everything else is a page.
        "sec-fetch-site": ["none"],
    }
    for name, values in expected.items():
        given = headers.get(name)
        if given not in values and (given is not None or name == "host"):
            wanted = " or ".join([*values, *(["no such header"] if name != "host" else [])])
            return "AccessDeniedException", (
                f"The header {name.title()} is {given!r}, expected {wanted}: web pages may not use the local cloud."
            )
    return None


def of_method(scope):
    if scope["method"] != "OPTIONS":
        return None
    return "AccessDeniedException", "OPTIONS asks whether a web page may send a request, and none may."


def of_stranger(scope, headers):
    """Code and message of the refusal of a request without this cloud's key, else None."""
    if scope["path"].startswith(CONTROL):
        name, given = f"The header {KEY_HEADER}", headers.get(KEY_HEADER, "")
    elif "authorization" in headers:
        signed = re.search(r"Credential=([^/,\s]+)/", headers["authorization"])
        name, given = "The access key in the header Authorization", signed[1] if signed else ""
    else:
        presigned = parse_qs(scope["query_string"].decode("latin-1")).get("X-Amz-Credential", [""])
        name, given = "Without the header Authorization, the access key in X-Amz-Credential", presigned[0].split("/")[0]
    if hmac.compare_digest(given.encode(), ACCESS_KEY.encode()):
        return None
    return "UnrecognizedClientException", f"{name} is {given!r}, expected {HINT}."


def parse_request(original, handler):
    """Python's own HTTP servers here, the runtime APIs of functions, take no request of a page either."""
    if not original(handler):
        return False
    headers = {name.lower(): ", ".join(handler.headers.get_all(name)) for name in handler.headers}
    if refused := of_page(headers, handler.server.server_address[1]):
        handler.send_error(403, refused[0], refused[1])
        return False
    return True
