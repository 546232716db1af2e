"""The time of ECS and ECR: this machine's, or that of the story that the demo plays, which may be days ahead.

What a function compares with its own time, such as when a deployment was created, must be of the same clock.
"""

import time as machine
from datetime import datetime, timezone

_ahead = 0.0


def set_clock(request):
    """`{"now": <seconds since 1970>}`: that time from now on."""
    global _ahead
    _ahead = request["now"] - machine.time()
    return {}


def time():
    """Seconds since 1970."""
    return machine.time() + _ahead


def now_iso():
    """The time as MiniStack writes it."""
    return datetime.fromtimestamp(time(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
