"""The local cloud's server: MiniStack, and around it what MiniStack lacks (GAPS.md lists it).

Prints one JSON line with its address when it listens, and ends when its standard input does (unless started with
`--stay`): the program that started it cannot leave it behind, however it ends.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import threading

import gate
from account import ACCOUNT, REGION

# Variables of the developer that the server keeps; TMPDIR is the cloud's own.
KEPT = {"PATH", "TMPDIR", "LOCAL_CLOUD_HOME"}


def listen():
    """A socket on a free port of this machine only."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    listener.setblocking(False)
    return listener


def environment(endpoint, port):
    """What MiniStack reads when it is imported, in place of the developer's environment: functions inherit from it."""
    for name in os.environ.keys() - KEPT:
        del os.environ[name]
    os.environ.update(
        GATEWAY_PORT=str(port),
        MINISTACK_HOST="127.0.0.1",
        MINISTACK_ACCOUNT_ID=ACCOUNT,
        MINISTACK_REGION=REGION,
        MINISTACK_WORKER_THREADS="16",
        # What they would open takes requests of any program; so do the ports of containers.
        SFTP_ENABLED="0",
        IOT_MTLS_ENABLED="0",
        DOCKER_HOST="unix:///dev/null",
        AWS_ENDPOINT_URL=endpoint,
        AWS_ACCESS_KEY_ID=ACCOUNT,
        AWS_SECRET_ACCESS_KEY="local",
        AWS_DEFAULT_REGION=REGION,
        AWS_REGION=REGION,
    )


def follow_parent(stop):
    """Ends the server when the other end of standard input is gone."""

    def wait():
        while os.read(0, 4096):
            pass
        stop()

    threading.Thread(target=wait, daemon=True).start()


def end():
    """Removes the folder that the program that started the server made for it, and ends."""
    if home := os.environ.get("LOCAL_CLOUD_HOME"):
        shutil.rmtree(home, ignore_errors=True)
    os._exit(0)


async def serve(listener, endpoint, stay):
    from hypercorn.asyncio import serve as hypercorn
    from hypercorn.config import Config

    import calls
    import control
    import moto_server
    import patches
    from ministack.app import app

    patches.install()
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def stop():
        # Hypercorn waits for open connections; their answers are of no use any more.
        threading.Timer(2, end).start()
        loop.call_soon_threadsafe(ended.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if not stay:
        follow_parent(stop)
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    served = control.in_front_of(calls.journalled(moto_server.beside(app)), stop)
    served = gate.in_front_of(served, listener.getsockname()[1])
    address = {"endpoint": endpoint, "pid": os.getpid(), "account": ACCOUNT, "region": REGION}
    print(json.dumps({**address, "access_key": gate.ACCESS_KEY}), flush=True)
    sys.stdout = sys.stderr
    await hypercorn(served, config, shutdown_trigger=ended.wait)
    end()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stay", action="store_true", help="outlive the program that started it")
    arguments = parser.parse_args()
    listener = listen()
    port = listener.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    environment(endpoint, port)
    asyncio.run(serve(listener, endpoint, arguments.stay))


if __name__ == "__main__":
    main()
