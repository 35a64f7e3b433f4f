"""Ctrl-C while something is published: one line, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stdbpy.api import ApiClient
from stdbpy.errors import NotFound
from stdbpy.server import RunningServer
from tests import real_servers
from tests.cli.conftest import Run
from tests.cli.cutting import cutting_proxy
from tests.real_servers import RealServer

pytestmark = pytest.mark.timeout(600)

PATIENCE = 120

Started = subprocess.Popen[str]


@pytest.fixture
def publish(tmp_path: Path) -> Callable[..., Started]:
    """Starts ``stdbpy publish`` as a process of its own, whose temporary files are its own, too."""
    (tmp_path / "temporary").mkdir()

    def start(*words: str) -> Started:
        command = [sys.executable, "-m", "stdbpy.cli", "publish", *words]
        environment = os.environ | {"TMPDIR": str(tmp_path / "temporary")}
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)

    return start


def interrupt(process: Started) -> tuple[int, str, str]:
    """Exit code, stdout and stderr. A signal that comes just before a thread starts to wait is noticed by the next."""
    while True:
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            continue
        return process.returncode, out, err


def files_below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "__pycache__" not in path.parts}


def test_while_it_is_uploaded(
    home: Path, server: RunningServer, publish: Callable[..., Started], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "sdk.wasm"
    program.write_bytes(real_servers.wasm("sdk_test-2.8.3"))
    monkeypatch.setenv("STDBPY_TOKEN", server.owner_token)
    with cutting_proxy(server.url) as proxy:
        proxy.cuts, proxy.after, proxy.holds = b"PUT /v1/database/interrupted", 1 << 16, True
        process = publish("interrupted", "--bin-path", str(program), "--server", proxy.url, "--no-config", "--yes")
        assert proxy.is_reached.wait(PATIENCE)
        assert interrupt(process) == (130, "", "Interrupted.\n")
    assert files_below(tmp_path / "temporary") == set()
    with ApiClient(server.url) as api, pytest.raises(NotFound):
        api.info("interrupted")


@pytest.mark.real
@pytest.mark.usefixtures("wasm_cache")
def test_while_it_is_built(
    run: Run, project: Path, real_server: RealServer, publish: Callable[..., Started], tmp_path: Path
) -> None:
    before = files_below(project)
    process = publish("interrupted-early", "--server", real_server.url, "--no-config", "--yes")
    assert process.stderr is not None
    assert "building WebAssembly" in "".join(process.stderr.readline() for _ in range(2))
    assert interrupt(process) == (130, "", "Interrupted.\n")
    assert files_below(project) == before
    assert files_below(tmp_path / "temporary") == set()
    assert "there is no database" in run("sql", "interrupted-early", "SELECT 1", "--server", real_server.url).err
