"""Lambda: what a function prints goes to its log group, as on AWS; MiniStack drops it (and can block on it)."""

import os
import subprocess
import tempfile
import threading

_output = threading.local()
_lock = threading.Lock()
_running = 0


def running(_request):
    """How many invocations have begun and not ended, those that nobody waits for included."""
    return {"running": _running}


def _count(change):
    global _running
    with _lock:
        _running += change


class _Process(subprocess.Popen):
    """A function's process that prints into a file, so that no pipe fills up."""

    def __init__(self, command, **options):
        if options.get("stdout") == subprocess.PIPE and command and str(command[0]).endswith("/bootstrap"):
            _output.file = tempfile.TemporaryFile()
            options.update(stdout=_output.file, stderr=subprocess.STDOUT)
            # The demo and the tests play days ahead of the clock.
            options["env"] = {**(options.get("env") or os.environ), "MAX_CLOCK_SKEW_SECONDS": str(3 * 366 * 86400)}
        super().__init__(command, **options)

    def communicate(self, *arguments, **options):
        out, error = super().communicate(*arguments, **options)
        return out or b"", error or b""


class _Subprocess:
    """The module `subprocess` with another Popen."""

    Popen = _Process

    def __getattr__(self, name):
        return getattr(subprocess, name)


def module_subprocess(_original):
    return _Subprocess()


def with_output(execute):
    """`execute`, with what the function printed as its log."""

    def execute_with_output(function, event):
        _output.file = None
        _count(1)
        try:
            result = execute(function, event)
        finally:
            _count(-1)
        if _output.file is not None:
            _output.file.seek(0)
            result["log"] = _output.file.read().decode("utf-8", "replace")
            _output.file.close()
        return result

    return execute_with_output
