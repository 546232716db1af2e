"""The control API: `POST /_local/<operation>` with JSON in and out, for what no AWS API offers.

The demo, the tests and the command line use it to play AWS's part: ECS's progress, Spot shortages, spend, stale reads.
"""

import json
import sys
import threading
import traceback

import asgi
import budgets
import calls
import clock
import deployments
import gate
import placement
import resources
import scaling
import spot
import stale

OPERATIONS = {
    "act-scaling": scaling.act,
    "advance": deployments.advance,
    "budget": budgets.spend,
    "calls": calls.take,
    "calls/count": lambda _request: {"count": len(calls.journal)},
    "clock": clock.set_clock,
    "interrupt": spot.interrupt,
    "resource-types": lambda _request: {"types": resources.known_types()},
    "spot": placement.set_spot,
    "stale": stale.set_stale,
}


def in_front_of(app, stop):
    """`app`, with the control API in front of it; `stop` ends the server."""
    operations = {**OPERATIONS, "stop": lambda _request: threading.Timer(0.1, stop).start() or {}}

    async def application(scope, receive, send):
        if scope["type"] != "http" or not scope["path"].startswith(gate.CONTROL):
            return await app(scope, receive, send)
        status, result = respond(operations, scope["path"].removeprefix(gate.CONTROL), await asgi.read(receive))
        await asgi.answer(send, status, {"Content-Type": "application/json"}, json.dumps(result).encode())

    return application


def respond(operations, name, body):
    """Status and result of one operation; errors have AWS's form."""
    if name not in operations:
        return 404, {"__type": "UnknownOperation", "message": f"{name} is none of {', '.join(sorted(operations))}"}
    try:
        return 200, operations[name](json.loads(body or b"{}"))
    except Exception as error:  # the caller gets it and prints it
        traceback.print_exc(file=sys.stderr)
        return 500, {"__type": type(error).__name__, "message": str(error)}
