"""Lambda: a function's environment is its own, and what it prints goes to its log group, as on AWS."""

import re
import subprocess
import tempfile
import threading

import gate
from ministack.core.lambda_runtime import INVOKE_DEPTH_ENV

# What Lambda sets for each function, and MiniStack as well:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
RESERVED = re.compile(r"AWS_(DEFAULT_)?REGION|AWS_SECRET_ACCESS_KEY|AWS_LAMBDA_.+|LAMBDA_TASK_ROOT|_HANDLER|_X_AMZN_TRACE_ID")
# What it sets unless the function has it.
USUAL = {"LANG": "en_US.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin", "TZ": ":UTC"}
# What the local cloud needs.
LOCAL = {"AWS_ENDPOINT_URL", INVOKE_DEPTH_ENV}

_invocation = threading.local()


def environment(given, variables):
    """What Lambda gives a function with these `variables`; MiniStack has `given` it the server's environment too."""
    own = {name: value for name, value in given.items() if name in LOCAL or RESERVED.fullmatch(name)}
    # The demo and the tests play days ahead of the clock.
    own.update(AWS_ACCESS_KEY_ID=gate.ACCESS_KEY, MAX_CLOCK_SKEW_SECONDS=str(3 * 366 * 86400))
    return {**USUAL, **variables, **own}


class _Process(subprocess.Popen):
    """A function's process that prints into a file, so that no pipe fills up."""

    def __init__(self, command, **options):
        if options.get("stdout") == subprocess.PIPE and command and str(command[0]).endswith("/bootstrap"):
            _invocation.file = tempfile.TemporaryFile()
            options.update(stdout=_invocation.file, stderr=subprocess.STDOUT)
            options["env"] = environment(options["env"], _invocation.variables)
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
        config = function.get("config") or function
        _invocation.file, _invocation.variables = None, (config.get("Environment") or {}).get("Variables") or {}
        result = execute(function, event)
        if _invocation.file is not None:
            _invocation.file.seek(0)
            result["log"] = _invocation.file.read().decode("utf-8", "replace")
            _invocation.file.close()
        return result

    return execute_with_output
