"""Between the callers and MiniStack: the journal of calls, faults on demand, and the door `/_local/...`.

Only calls of the functions are journalled and fail on demand; those are told by the Rust SDK's user agent.
"""

import asyncio
import json
import sys
import threading
import traceback
from urllib.parse import parse_qs

import autoscaling
import budgets
import ecr
import ecs
import functions
import placement
import provisioners
import stacks

calls = []
faults = []
released = asyncio.Event()


def wrap(stop):
    """MiniStack's application with everything of ours around it."""
    from ministack.app import app as ministack
    from ministack.services import eventbridge, scheduler

    app = budgets.beside(ministack)

    # Schedules fire when somebody sends their event: a tick in the middle of a test would be a surprise.
    eventbridge.start_scheduler = scheduler.start_scheduler = lambda: None
    for part in (autoscaling, budgets, ecr, ecs, functions, provisioners, stacks):
        part.install()

    async def wrapped(scope, receive, send):
        if scope["type"] != "http":
            return await app(scope, receive, send)
        body = await read(receive)
        if scope["path"].startswith("/_local/"):
            return await door(scope["path"].removeprefix("/_local/"), body, send, stop)
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        scaling = "/application-autoscaling/aws4_request" in headers.get("authorization", "")
        asked = scale_application if scaling else app
        if "aws-sdk-rust" not in headers.get("user-agent", ""):
            return await asked(scope, replay(body), send)
        await called(asked, scope, headers, body, send)

    return wrapped


async def scale_application(scope, receive, send):
    """Application Auto Scaling as an application."""
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
    await answer(send, *await asyncio.to_thread(autoscaling.handle, scope["path"], headers, await read(receive)))


async def called(app, scope, headers, body, send):
    """One call of a function: journalled, and failed if a fault was asked for."""
    call = {"operation": operation(scope, headers, body), "status": None}
    calls.append(call)
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

        await app(scope, replay(body), watch)
    if fault:
        call["fault"] = True
        call["status"] = fault.get("status", 400)
        await answer(send, call["status"], *failure(fault, headers))


def due(fault, name):
    """Counts a call towards a fault: `skip` calls of `operation` (or any) pass, then `times` of them fail."""
    if fault.get("operation") not in (None, name):
        return False
    fault["seen"] = fault.get("seen", 0) + 1
    return fault.get("skip", 0) < fault["seen"] <= fault.get("skip", 0) + fault.get("times", 1)


def operation(scope, headers, body):
    """What is called, in the words of IAM: `UpdateService`, `Publish`, `CreateInvalidation`."""
    if target := headers.get("x-amz-target"):
        return target.rsplit(".", 1)[-1]
    if scope["path"].endswith("/invalidation") and scope["method"] == "POST":
        return "CreateInvalidation"
    return (parse_qs(body.decode("utf-8", "replace")).get("Action") or [f"{scope['method']} {scope['path']}"])[0]


def failure(fault, headers):
    """The fault's answer in the protocol of the call."""
    if "body" in fault:
        return {"Content-Type": headers.get("content-type", "application/json")}, json.dumps(fault["body"]).encode()
    code, message = fault.get("code", "InternalFailure"), "asked for by whoever tests"
    if "x-amz-target" in headers:
        return {"Content-Type": headers["content-type"]}, json.dumps({"__type": code, "message": message}).encode()
    xml = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    return {"Content-Type": "text/xml"}, xml.encode()


async def door(name, body, send, stop):
    """`POST /_local/<name>` with JSON in and out: how the demo, the tests and the command line get at all this."""
    request = json.loads(body or b"{}")
    status, result = 200, {}
    try:
        if name in DOORS:
            result = DOORS[name](request)
        elif name == "stop":
            threading.Timer(0.1, stop).start()
        else:
            status, result = 404, {"__type": "UnknownDoor", "message": name}
    except Exception as error:  # told to the caller, who prints it
        traceback.print_exc(file=sys.stderr)
        status, result = 500, {"__type": type(error).__name__, "message": str(error)}
    await answer(send, status, {"Content-Type": "application/json"}, json.dumps(result).encode())


def set_faults(request):
    """Replaces the faults and lets go what was held."""
    released.set()
    released.clear()
    faults[:] = request.get("faults", [])
    return {}


def take_calls(request):
    """The functions' calls since the last time."""
    taken = {"calls": list(calls)}
    calls.clear()
    return taken


def release(_request):
    """Lets go the calls that a fault holds."""
    released.set()
    return {}


DOORS = {
    "act-scaling": autoscaling.act,
    "advance": lambda _request: {"events": ecs.advance()},
    "budget": budgets.spend,
    "calls": take_calls,
    "calls/count": lambda _request: {"count": len(calls)},
    "faults": set_faults,
    "faults/state": lambda _request: {"faults": faults},
    "interrupt": placement.interrupt,
    "release": release,
    "reset-scaling": autoscaling.reset,
    "resource-types": lambda _request: {"types": provisioners.known_types()},
    "spot": placement.set_spot,
}


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
