"""Makes functions that answer with their environment and with how their runtime API takes a page's requests; prints both.

Each function's `bootstrap` is this file; the local cloud runs it as it runs a compiled one.
"""

import io
import json
import os
import sys
import urllib.error
import urllib.request
import zipfile


def call(path, body=None, headers=None):
    """Status, headers and body of a call of the runtime API."""
    api = os.environ["AWS_LAMBDA_RUNTIME_API"]
    request = urllib.request.Request(f"http://{api}/2018-06-01/runtime/{path}", body, headers or {})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def function():
    pages = [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
    refused = [call("invocation/next", None, page)[0] for page in pages]
    refused += [call("init/error", b'{"errorMessage": "forged"}', page)[0] for page in pages]
    _, headers, event = call("invocation/next")
    answer = {"event": json.loads(event), "refused": refused, "environment": dict(os.environ)}
    call(f"invocation/{headers['Lambda-Runtime-Aws-Request-Id']}/response", json.dumps(answer).encode())


def packed():
    """The zip of this file as `bootstrap`, run by the same Python."""
    content = io.BytesIO()
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o755 << 16
    with zipfile.ZipFile(content, "w") as archive, open(__file__) as source:
        archive.writestr(entry, f"#!{sys.executable}\n" + source.read())
    return content.getvalue()


def main():
    import boto3

    client = boto3.client("lambda")
    answers = {}
    for name in ("first", "second"):
        client.create_function(
            FunctionName=name,
            Runtime="provided.al2023",
            Handler="bootstrap",
            Timeout=20,
            Role="arn:aws:iam::123456789012:role/probe",
            Code={"ZipFile": packed()},
            Environment={"Variables": {f"OF_{name.upper()}": name}},
        )
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        answer = client.invoke(FunctionName=name, Payload=json.dumps({"for": name}))
        answers[name] = json.load(answer["Payload"])
    print(json.dumps(answers))


if __name__ == "__main__":
    function() if "AWS_LAMBDA_RUNTIME_API" in os.environ else main()
