"""How long the program takes to start, and the server until it answers, as multiples of bare Python in the same run.

The best of several runs counts: everything above it is the machine's other work. What has a target is
shown beside it; targets in milliseconds are for a machine on which bare Python takes 10.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from stdbpy.api import ApiClient
from stdbpy.project.build import build
from stdbpy.project.discover import discover
from stdbpy.project.templates import create_project
from stdbpy.server import RunningServer

RUNS = 20
BARE = "python -c 0"
START = "stdbpy start"
USUAL_BARE = 0.010
"""Seconds that bare Python takes on the machine that targets in seconds are for."""

PROGRAM = (sys.executable, "-m", "stdbpy.cli")
COMMANDS: dict[str, tuple[str, ...]] = {
    BARE: (sys.executable, "-c", "0"),
    "stdbpy --version": (*PROGRAM, "--version"),
    "stdbpy __complete": (*PROGRAM, "__complete", "function", "chat", "--", "call", "chat"),
    "stdbpy --help": (*PROGRAM, "--help"),
    "stdbpy version": (*PROGRAM, "version"),
    "stdbpy sql": (*PROGRAM, "sql", "chat", "SELECT * FROM message"),
}
TARGETS = {
    "stdbpy --version": 2.5 * USUAL_BARE,
    "stdbpy __complete": 0.050,
    "stdbpy version": 0.080,
    "stdbpy sql": 0.300,
    START: 0.400,
}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="stdbpy-bench-") as folder, RunningServer() as server:
        _publish_chat(server, Path(folder))
        environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "HOME": folder,
            "XDG_CONFIG_HOME": folder,
            "XDG_CACHE_HOME": folder,
            "STDBPY_SERVER": server.url,
            "STDBPY_TOKEN": server.owner_token,
        }
        for command in COMMANDS.values():
            _seconds(command, environment, Path(folder))  # an installed program has its bytecode
        best = dict.fromkeys((*COMMANDS, START), float("inf"))
        for _ in range(RUNS):
            for name, command in COMMANDS.items():
                best[name] = min(best[name], _seconds(command, environment, Path(folder)))
            best[START] = min(best[START], _first_answer(environment, Path(folder)))
    print(f"start-up, best of {RUNS}; the server's until it answers")
    for name, seconds in best.items():
        ratio = seconds / best[BARE]
        print(f"  {name:<20} {seconds * 1000:7.1f} ms  {ratio:5.1f} × bare python{_target(name, ratio)}")


def _target(name: str, ratio: float) -> str:
    if name not in TARGETS:
        return ""
    allowed = TARGETS[name] / USUAL_BARE
    return f"  (at most {allowed:.1f}: {'met' if ratio <= allowed else 'MISSED'})"


def _publish_chat(server: RunningServer, folder: Path) -> None:
    create_project("chat", folder / "chat")
    with ApiClient(server.url, server.owner_token) as api:
        api.publish(build(discover(folder / "chat")).package, "chat")
        api.call("chat", "send_message", ["Hello!"])


def _seconds(command: tuple[str, ...], environment: dict[str, str], folder: Path) -> float:
    begin = time.perf_counter()
    subprocess.run(command, env=environment, cwd=folder, capture_output=True, check=True)
    return time.perf_counter() - begin


def _first_answer(environment: dict[str, str], folder: Path) -> float:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    data = ("--data-dir", str(folder / "data"))
    command = (*PROGRAM, "start", "--listen-addr", address, "--in-memory", "--non-interactive", *data)
    begin = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            while not _answers(address):
                assert server.poll() is None, "the server has not started"
                time.sleep(0.001)
            return time.perf_counter() - begin
        finally:
            server.terminate()


def _answers(address: str) -> bool:
    connection = HTTPConnection(address)
    try:
        connection.request("GET", "/v1/ping")
        return connection.getresponse().status == HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    main()
