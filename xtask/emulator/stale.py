"""Stale answers: for a while after a write, ECS's reads answer the functions as if it had not happened.

The ECS API is eventually consistent: what a command did may not be visible at once to those after it,
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html.
Off until the control API sets for how long. The demo and the tests themselves always read what is.
"""

import contextvars
import copy
import time

from ministack.services import ecs

WRITES = ("CreateService", "UpdateService", "RunTask", "StopTask")
READS = ("DescribeServices", "DescribeTasks", "ListServiceDeployments", "DescribeServiceDeployments",
         "DescribeServiceRevisions")

# Is a function calling?
of_function = contextvars.ContextVar("of_function", default=False)

_wanted = {}
# What was there before the last write, and until when or how often it is read.
_past = {}


def set_stale(request):
    """From now on reads are stale for so many `seconds` after a write, or so many `calls`; with neither they are not."""
    _wanted.clear()
    _past.clear()
    _wanted.update(request)
    return {}


def write(original, data):
    if _wanted:
        stores = [(store, copy.deepcopy(store._data)) for store in (ecs._services, ecs._tasks)]
        until = time.monotonic() + _wanted.get("seconds", float("inf"))
        _past.update(stores=stores, until=until, calls=_wanted.get("calls", float("inf")))
    return original(data)


def read(original, data):
    if not of_function.get() or not _past or _past["calls"] < 1 or time.monotonic() > _past["until"]:
        return original(data)
    _past["calls"] -= 1
    present = [(store, store._data) for store, _ in _past["stores"]]
    try:
        for store, past in _past["stores"]:
            store._data = past
        return original(data)
    finally:
        for store, data_now in present:
            store._data = data_now
