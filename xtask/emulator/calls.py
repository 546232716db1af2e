"""The calls of the functions: a journal of them, and faults on demand. The Rust SDK's user agent names a function's call."""

import asyncio
import json
from urllib.parse import parse_qs

import asgi
import stale

# AppConfig Data names its operations by path alone.
CONFIGURATION = {"/configurationsessions": "StartConfigurationSession", "/configuration": "GetLatestConfiguration"}

journal = []
faults = []
released = asyncio.Event()


def journalled(app):
    """`app`, with the journal and the faults in front of it."""

    async def application(scope, receive, send):
        headers = asgi.headers(scope)
        if "aws-sdk-rust" not in headers.get("user-agent", ""):
            return await app(scope, receive, send)
        await called(app, scope, headers, await asgi.read(receive), send)

    return application


async def called(app, scope, headers, body, send):
    """One call of a function: journalled, and failed if a fault was set for it."""
    stale.of_function.set(True)
    call = {"operation": operation(scope, headers, body), "status": None}
    journal.append(call)
    fault = next((fault for fault in faults if due(fault, call["operation"])), None)
    if fault and fault.get("hold"):
        fault["held"] = True
        await released.wait()
        fault = None
    if fault is None or fault.get("after"):

        async def watch(message):
            if message["type"] == "http.response.start":
                call["status"] = message["status"]
            if fault is None:
                await send(message)

        await app(scope, asgi.replay(body), watch)
    if fault:
        call["fault"] = True
        call["status"] = fault.get("status", 400)
        await asgi.answer(send, call["status"], *failure(fault, headers))


def due(fault, name):
    """Counts a call towards a fault: `skip` calls of `operation` (or any) pass, then `times` of them fail."""
    if fault.get("operation") not in (None, name):
        return False
    fault["seen"] = fault.get("seen", 0) + 1
    return fault.get("skip", 0) < fault["seen"] <= fault.get("skip", 0) + fault.get("times", 1)


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


def failure(fault, headers):
    """The fault's response in the protocol of the call."""
    if "body" in fault:
        return {"Content-Type": headers.get("content-type", "application/json")}, json.dumps(fault["body"]).encode()
    return asgi.failure(headers, fault.get("code", "InternalFailure"), "a fault that the test set")


def set_faults(request):
    """Replaces the faults and releases the calls that they hold."""
    released.set()
    released.clear()
    faults[:] = request.get("faults", [])
    return {}


def take(_request):
    """The calls since the last time."""
    taken = {"calls": list(journal)}
    journal.clear()
    return taken


def release(_request):
    """Releases the calls that a fault holds."""
    released.set()
    return {}
