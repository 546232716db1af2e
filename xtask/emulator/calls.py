"""The calls of the functions: a journal of them. The Rust SDK's user agent names a function's call."""

from urllib.parse import parse_qs

import asgi
import stale

# AppConfig Data names its operations by path alone.
CONFIGURATION = {"/configurationsessions": "StartConfigurationSession", "/configuration": "GetLatestConfiguration"}

journal = []


def journalled(app):
    """`app`, with the journal in front of it."""

    async def application(scope, receive, send):
        headers = asgi.headers(scope)
        if "aws-sdk-rust" not in headers.get("user-agent", ""):
            return await app(scope, receive, send)
        await called(app, scope, headers, await asgi.read(receive), send)

    return application


async def called(app, scope, headers, body, send):
    """One call of a function, journalled."""
    stale.of_function.set(True)
    call = {"operation": operation(scope, headers, body), "status": None}
    journal.append(call)

    async def watch(message):
        if message["type"] == "http.response.start":
            call["status"] = message["status"]
        await send(message)

    await app(scope, asgi.replay(body), watch)


def operation(scope, headers, body):
    """The operation as IAM names it: `UpdateService`, `Publish`, `CreateInvalidation`."""
    if target := headers.get("x-amz-target"):
        return target.rsplit(".", 1)[-1]
    if name := CONFIGURATION.get(scope["path"]):
        return name
    if scope["path"].endswith("/invalidation") and scope["method"] == "POST":
        return "CreateInvalidation"
    if scope["path"].startswith("/2015-03-31/functions/") and scope["path"].endswith("/invocations"):
        return "Invoke"
    return (parse_qs(body.decode("utf-8", "replace")).get("Action") or [f"{scope['method']} {scope['path']}"])[0]


def take(_request):
    """The calls since the last time."""
    taken = {"calls": list(journal)}
    journal.clear()
    return taken
