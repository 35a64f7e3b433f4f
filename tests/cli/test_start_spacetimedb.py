"""``stdbpy start --engine spacetimedb``: an installed SpacetimeDB, in the place of stdbpy's own server."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from stdbpy.api import ApiClient
from stdbpy.errors import ProjectError
from stdbpy.project.real_server import PROGRAM, VARIABLE, RunningRealServer, find_real_server
from tests import real_servers
from tests.cli.conftest import Run

LISTENING = "Starting SpacetimeDB listening on "
WITHIN = 60

IS_READY = """
import http.server, sys
print("a line of its own")
host, port = sys.argv[sys.argv.index("--listen-addr") + 1].split(":")

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

http.server.HTTPServer((host, int(port)), Answer).serve_forever()
"""
TELLS = "import sys; print('Error:', *sys.argv[1:]); sys.exit(1)"
FAILS = "import sys; print('Error: the disk is made of cheese'); print('  1: a frame'); sys.exit(1)"


@pytest.fixture(autouse=True)
def nothing_installed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(home / "bin"))
    (home / "bin").mkdir()


def installed(folder: Path, text: str = IS_READY, name: str = PROGRAM) -> Path:
    """A program that stands for the server's."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!{sys.executable}\n{text}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def started(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "stdbpy.cli", "start", "--engine", "spacetimedb", "-l", "127.0.0.1:0", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith(LISTENING):
        process.kill()
        raise AssertionError((line, process.communicate()))
    return line.removeprefix(LISTENING).strip()


def test_where_it_is_looked_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProjectError, match="not installed") as missing:
        find_real_server()
    assert "install.spacetimedb.com" in missing.value.hint
    by_installer = installed(home / ".local" / "share" / "spacetime" / "bin" / "current")
    assert find_real_server() == by_installer
    beside = installed(home / "versions")
    installed(home / "versions", name="spacetime")
    (home / "bin" / "spacetime").symlink_to(home / "versions" / "spacetime")
    assert find_real_server() == beside
    on_path = installed(home / "bin")
    assert find_real_server() == on_path
    named = installed(home / "mine")
    monkeypatch.setenv(VARIABLE, str(named.parent))
    assert find_real_server() == named
    assert find_real_server(on_path) == on_path
    with pytest.raises(ProjectError, match=r"there is no spacetimedb-standalone at .*nowhere"):
        find_real_server(home / "nowhere")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_output_and_end_are_those_of_the_embedded_server(home: Path, number: signal.Signals) -> None:
    program = installed(home / "bin")
    process = started("--data-dir", str(home / "data"))
    try:
        url = f"http://{address_of(process)}"
        with ApiClient(url) as api:
            api.ping()
        process.send_signal(number)
        out, err = process.communicate(timeout=WITHIN)
    finally:
        process.kill()
    assert (process.returncode, out) == (0, "")
    assert err.splitlines() == [
        f"{url} is ready, run by {program}. Databases are kept in {home / 'data'}. Ctrl-C stops it.",
        "stopped",
    ]


def test_the_port_for_postgresql(run: Run, home: Path) -> None:
    installed(home / "bin", TELLS)
    words = ("start", "--engine", "spacetimedb", "-l", "127.0.0.1:0", "--in-memory")
    assert "--pg-port" not in run(*words).err
    assert run(*words, "--pg-port", "5432").err.endswith("--in-memory --pg-port 5432\n")


def test_one_that_fails(run: Run, home: Path) -> None:
    program = installed(home / "bin", FAILS)
    done = run("start", "--engine", "spacetimedb", "-l", "127.0.0.1:0", "--in-memory")
    assert (done.code, done.out) == (1, "")
    assert done.err == f"Error: {program} has ended: Error: the disk is made of cheese\n"


def test_data_of_the_embedded_server(run: Run, home: Path) -> None:
    installed(home / "bin")
    (home / "data").mkdir()
    (home / "data" / "control.sqlite").touch()
    done = run("start", "--engine", "spacetimedb", "-l", "127.0.0.1:0", "--data-dir", str(home / "data"))
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"Error: {home / 'data'} has databases of stdbpy's own server\nHint: ")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--engine", "postgres"), "--engine is embedded or spacetimedb, not 'postgres'"),
        (("--engine-path", "bin"), "--engine-path is for --engine spacetimedb\nHint: "),
        (("--engine", "spacetimedb", "--allow-native"), "SpacetimeDB itself has nothing like --allow-native"),
        (("--engine", "spacetimedb", "--strict"), "SpacetimeDB itself has nothing like --strict"),
        (("--engine", "spacetimedb", "--call-seconds", "5"), "SpacetimeDB itself has nothing like --call-seconds"),
    ],
)
def test_refused(run: Run, words: tuple[str, ...], reason: str) -> None:
    done = run("start", *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"Error: {reason}")


def test_none_installed(run: Run) -> None:
    done = run("start", "--engine", "spacetimedb")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("Error: SpacetimeDB's own server is not installed here\nHint: Install it: curl ")


@pytest.mark.real
@pytest.mark.parametrize("version", real_servers.VERSIONS)
def test_real_ones(run: Run, home: Path, version: str) -> None:
    program = real_servers.program(f"spacetimedb-standalone-{version}")
    process = started("--engine-path", str(program), "--data-dir", str(home / "data"), "--jwt-key-dir", str(home))
    try:
        address = address_of(process)
        assert run("server", "ping", f"http://{address}").code == 0
        taken = run(*("start", "--engine", "spacetimedb", "--engine-path", str(program), "-l", address, "--in-memory"))
        assert taken.err.startswith(f"Error: another program listens at {address}")
        process.terminate()
        _, err = process.communicate(timeout=WITHIN)
    finally:
        process.kill()
    assert (process.returncode, err.splitlines()[-1]) == (0, "stopped")
    assert (home / "id_ecdsa").is_file()
    assert (home / "data" / "metadata.toml").is_file()


@pytest.mark.real
@pytest.mark.parametrize("version", real_servers.VERSIONS)
def test_one_for_the_moment(version: str) -> None:
    program = real_servers.program(f"spacetimedb-standalone-{version}")
    with RunningRealServer(program) as server, ApiClient(server.url) as api:
        assert api.health().version == version
    with ApiClient(server.url) as api, pytest.raises(Exception, match=r"127\.0\.0\.1"):
        api.ping()
