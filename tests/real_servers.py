"""The real SpacetimeDB servers that tests are compared with: found through the environment, never downloaded.

``STDBPY_TEST_SERVERS`` names a folder with ``spacetimedb-standalone-2.8.3`` and others;
``STDBPY_TEST_MODULES`` names the folder of the ``.wasm`` modules (default: ``modules`` in the
servers' folder). Without them the tests that need them are skipped, saying why.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

SERVERS = "STDBPY_TEST_SERVERS"
MODULES = "STDBPY_TEST_MODULES"

VERSIONS = ("2.8.3", "1.2.0")

READY_WITHIN = 100.0
STOPS_WITHIN = 60.0


@dataclass(frozen=True)
class RealServer:
    """A running server of the real SpacetimeDB, on loopback, keeping nothing."""

    version: str
    url: str
    process_id: int


def program(name: str) -> Path:
    """A program in the servers' folder; skips the test if there is none."""
    folder = os.environ.get(SERVERS)
    if not folder:
        pytest.skip(f"needs a real SpacetimeDB: {SERVERS} does not name the folder of its programs")
    path = Path(folder) / name
    if not path.is_file():
        pytest.skip(f"needs {name}, which is not in the folder that {SERVERS} names")
    return path


def wasm(name: str) -> bytes:
    """A compiled test module such as ``quickstart_chat-1.2.0``; skips the test if it is not there."""
    folder = os.environ.get(MODULES) or (os.environ.get(SERVERS) and str(Path(os.environ[SERVERS]) / "modules"))
    if not folder:
        pytest.skip(f"needs {name}.wasm: {MODULES} does not name the folder of the test modules")
    path = Path(folder) / f"{name}.wasm"
    if not path.is_file():
        pytest.skip(f"needs {name}.wasm, which is not in the folder of the test modules ({MODULES})")
    return path.read_bytes()


@contextmanager
def running(
    version: str, *, keeping: Path | None = None, address: str | None = None, pg_port: int | None = None
) -> Iterator[RealServer]:
    """A server of that version on a free loopback port, ready to answer; ended on leaving.

    Its data is in memory, or kept in the folder ``keeping``, from where a second server goes on, at the
    same ``address`` (``127.0.0.1:3000``) if that is wanted. It speaks PostgreSQL's protocol at ``pg_port``.
    """
    binary = program(f"spacetimedb-standalone-{version}")
    with tempfile.TemporaryDirectory(prefix="stdbpy-real-") as folder:
        home = keeping or Path(folder)
        address = address or f"127.0.0.1:{free_port()}"
        command = [
            *(str(binary), "start", "--listen-addr", address),
            *("--data-dir", str(home / "data"), "--jwt-key-dir", str(home / "keys")),
        ]
        if keeping is None:
            command.append("--in-memory")
        if pg_port is not None:
            command += ["--pg-port", str(pg_port)]
        if not version.startswith("1."):
            command.append("--non-interactive")
        output = home / "output"
        with output.open("wb") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")},
            )
        try:
            _wait_until_ready(process, f"http://{address}", output)
            yield RealServer(version, f"http://{address}", process.pid)
        finally:
            process.terminate()
            try:
                process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A loopback port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, output: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    with httpx.Client(trust_env=False, verify=False, timeout=10) as client:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                if client.get(f"{url}/v1/ping").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.02)
    raise RuntimeError(f"the real server did not come up at {url}:\n{output.read_text(errors='replace')[-2000:]}")
