"""Requests and responses of ASGI applications, whole."""

import json
from xml.sax.saxutils import escape


def headers(scope):
    """The request's headers, names in lower case; one that is given twice is both, joined (RFC 9110, 5.2)."""
    joined = {}
    for name, value in scope.get("headers", []):
        name, value = name.decode("latin-1").lower(), value.decode("latin-1")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


async def read(receive):
    """The whole body of a request."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def replay(body):
    """Gives a body that was read to the next application."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


async def answer(send, status, headers, body):
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    pairs.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


def failure(headers, code, message):
    """Headers and body of an error, in the protocol of the request with these headers."""
    kind = headers.get("content-type", "")
    if "x-amz-target" in headers or "json" in kind:
        body = json.dumps({"__type": code, "message": message})
    else:
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        kind, body = "text/xml", f"<ErrorResponse>{error}</ErrorResponse>"
    return {"Content-Type": kind or "application/json", "x-amzn-errortype": code}, body.encode()
