"""A query with a million rows through ``stdbpy sql``, in a process of its own: how long it takes, how much of that
it computes, and how much more memory than for one row; beside the official program on the same rows.

Each row is an identity and a name. ``--rows N`` takes fewer.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench import servers
from bench.servers import Running
from stdbpy.api import ApiClient
from tests import real_servers

ROWS = 1_000_000
ROWS_PER_STATEMENT = 450
"""As many as fit into the 50,000 bytes that a statement may have."""
DATABASE = "bench"
QUERY = "SELECT * FROM users"
LOOKS_EVERY = 0.01
"""Seconds between two looks at how much memory a program has."""
FORMATS = ("csv", "jsonl", "json", "markdown", "table")


def main() -> None:
    rows = int(sys.argv[sys.argv.index("--rows") + 1]) if "--rows" in sys.argv else ROWS
    _measure("stdbpy, in memory", servers.embedded(in_memory=True), servers.python_module("sdk_test"), rows)
    if os.environ.get(real_servers.SERVERS):
        program = real_servers.wasm("sdk_test-2.8.3")
        _measure("SpacetimeDB 2.8.3 (our build), in memory", servers.real("2.8.3"), program, rows)
    else:
        print(f"(no real server to compare with: {real_servers.SERVERS} is not set)")


def _measure(name: str, starting: AbstractContextManager[Running], program: bytes, rows: int) -> None:
    with tempfile.TemporaryDirectory(prefix="stdbpy-bench-") as folder, starting as server:
        with ApiClient(server.url, server.token) as api:
            api.publish(program, DATABASE)
        seconds = _insert(server, rows)
        print(f"{name}: {rows:,} rows, inserted by SQL at {rows / seconds:,.0f} rows/s")
        print(f"  {'':<30} {'seconds':>8} {'computing':>10} {'rows/s':>10} {'memory':>9}")
        for label, command in _commands(server, Path(folder)).items():
            one, all = _run(command, f"{QUERY} LIMIT 1", folder), _run(command, QUERY, folder)
            print(
                f"  {label:<30} {all.seconds:8.2f} {all.computing:10.2f} {rows / all.seconds:10,.0f} "
                f"{(all.memory - one.memory) / 1e6:+6.0f} MB"
            )


def _insert(server: Running, rows: int) -> float:
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    begin = time.perf_counter()
    for first in range(0, rows, ROWS_PER_STATEMENT):
        numbers = range(first, min(rows, first + ROWS_PER_STATEMENT))
        values = ",".join(f"(0x{hashlib.sha256(b'%d' % number).hexdigest()},'user {number}')" for number in numbers)
        statement = f"INSERT INTO users (identity, name) VALUES {values}"
        headers = {"authorization": f"Bearer {server.token}"}
        connection.request("POST", f"/v1/database/{DATABASE}/sql?confirmed=false", statement, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(said.decode())
    connection.close()
    return time.perf_counter() - begin


def _commands(server: Running, folder: Path) -> dict[str, list[str]]:
    """Programs by what they are called here, without the query at their end."""
    config = folder / "cli.toml"
    config.write_text(f'spacetimedb_token = "{server.token}"\n')
    ours = [sys.executable, "-m", "stdbpy.cli", "--config-path", str(config), "sql", "-s", server.url, "--no-config"]
    commands = {f"stdbpy sql --format {name}": [*ours, "--format", name, DATABASE] for name in FORMATS}
    if os.environ.get(real_servers.SERVERS):
        official = str(real_servers.program("spacetimedb-cli-2.8.3"))
        theirs = [official, "--config-path", str(config), "sql", "-s", server.url, "--no-config"]
        for name in ("json", "text"):
            commands[f"spacetime sql --format {name}"] = [*theirs, "--format", name, DATABASE]
    return commands


@dataclass(frozen=True)
class _Took:
    seconds: float
    computing: float
    """Seconds of a processor."""
    memory: int
    """The most that it had at a time, in bytes."""


def _run(command: list[str], query: str, folder: str) -> _Took:
    environment = {**os.environ, "HOME": folder, "XDG_CONFIG_HOME": folder}
    most, before = 0, resource.getrusage(resource.RUSAGE_CHILDREN)
    with (Path(folder) / "out").open("wb") as stdout:
        begin = time.perf_counter()
        process = subprocess.Popen([*command, query], stdout=stdout, stderr=subprocess.DEVNULL, env=environment)
        # What the system says at the end counts the memory of this process, too, which forked it.
        while process.poll() is None:
            most = max(most, _peak(process.pid))
            time.sleep(LOOKS_EVERY)
        seconds = time.perf_counter() - begin
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit code {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    computing = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return _Took(seconds, computing, most)


def _peak(process: int) -> int:
    """The most memory that a running process has had since it began."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


if __name__ == "__main__":
    main()
