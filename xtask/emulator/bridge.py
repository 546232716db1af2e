"""boto3 for a program that has no AWS SDK: one JSON request per line in, one JSON answer per line out.

In:  {"id": 1, "service": "ecs", "operation": "describe_services", "parameters": {...}}
Out: {"id": 1, "result": {...}} or {"id": 1, "error": {"code": "ClusterNotFoundException", "message": "..."}}

`ecs@us-east-1` is ECS in another region. The service `local` is the emulator's control API (control.py). Answers come as they are ready, not in order.
"""

import base64
import concurrent.futures
import contextlib
import datetime
import json
import os
import sys
import threading
import urllib.request

import boto3
import botocore.config
import botocore.exceptions
from botocore.response import StreamingBody


class Bridge:
    """Clients as the environment says: credentials, region, endpoint."""

    def __init__(self):
        self.endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
        self.session = None
        self.clients = {}
        self.making = threading.Lock()
        self.writing = threading.Lock()

    def client(self, service):
        with self.making:
            if service not in self.clients:
                # Not before the first call: missing credentials are that call's error.
                self.session = self.session or boto3.session.Session()
                config = botocore.config.Config(read_timeout=180, max_pool_connections=16)
                name, _, region = service.partition("@")
                self.clients[service] = self.session.client(name, region_name=region or None, config=config)
            return self.clients[service]

    def call(self, request):
        if request["service"] == "local":
            return self.control(request["operation"], request["parameters"])
        result = getattr(self.client(request["service"]), request["operation"])(**request["parameters"])
        result.pop("ResponseMetadata", None)
        return result

    def control(self, name, parameters):
        """One operation of the control API, whose errors have AWS's form."""
        body = json.dumps(parameters).encode()
        # What a web page cannot send (gate.py).
        headers = {"Content-Type": "application/json", "X-Local-Cloud-Key": os.environ["AWS_ACCESS_KEY_ID"]}
        http = urllib.request.Request(f"{self.endpoint}/_local/{name}", body, headers, method="POST")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(http, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            answer = json.load(error)
            raise botocore.exceptions.ClientError(
                {"Error": {"Code": answer["__type"], "Message": answer["message"]}}, name
            ) from None

    def answer(self, line):
        request = json.loads(line)
        try:
            answer = {"id": request["id"], "result": self.call(request)}
        except botocore.exceptions.ClientError as error:
            given = error.response["Error"]
            answer = {"id": request["id"], "error": {"code": given["Code"], "message": given.get("Message", "")}}
        except Exception as error:  # a wrong parameter, or no connection: the caller adds what it was about
            answer = {"id": request["id"], "error": {"code": type(error).__name__, "message": str(error)}}
        text = json.dumps(answer, default=plain)
        with self.writing:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()


def plain(value):
    """What JSON has no form for: times, and bodies."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).isoformat()
    if isinstance(value, StreamingBody):
        return value.read().decode("utf-8", "replace")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


def main():
    bridge = Bridge()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        # Ctrl-C reaches it too; the command that started it says what there is to say.
        with contextlib.suppress(KeyboardInterrupt):
            for line in sys.stdin:
                pool.submit(bridge.answer, line)


if __name__ == "__main__":
    main()
