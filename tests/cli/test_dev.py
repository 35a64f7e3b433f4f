"""``stdbpy dev``, as a program of its own: it starts others, and ends them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import pytest

from stdbpy.server import RunningServer
from tests.cli.conftest import Run
from tests.cli.test_terminal import sit_down
from tests.real_servers import RealServer

WITHIN = 60.0
CLIENT = "print('client of', __import__('os').environ['STDBPY_DATABASE'], flush=True); import time; time.sleep(3600)"


class Developing:
    """A running ``dev``; what it writes is read as it comes."""

    def __init__(self, process: subprocess.Popen[str], within: float) -> None:
        self.process = process
        self._within = within
        self.seen: list[str] = []
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def wait_for(self, part: str) -> str:
        """The next line with ``part`` in it."""
        while (line := self._lines.get(timeout=self._within)) is not None:
            self.seen.append(line)
            if part in line:
                return line
        raise AssertionError(f"{part!r} never came:\n{''.join(self.seen)}")

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(WITHIN)

    def rest(self) -> str:
        """What else it has written; to be asked for after its end."""
        return "".join(iter(lambda: self._lines.get(timeout=self._within) or "", ""))


@contextmanager
def developing(*arguments: str, within: float = WITHIN) -> Iterator[Developing]:
    process = subprocess.Popen(
        [sys.executable, "-m", "stdbpy.cli", "dev", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Developing(process, within)
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=WITHIN)


@pytest.fixture
def address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def owned(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a server that runs; the user is its owner."""
    monkeypatch.setenv("STDBPY_TOKEN", server.owner_token)
    return server.url


def is_there(address: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(address.rpartition(":")[2]))) == 0


@pytest.fixture
def edit(project: Path) -> Callable[[str], None]:
    """Appends to the module's code."""
    module = project / "chat" / "module.py"
    text = module.read_text()
    return lambda added: (module.write_text(f"{text}\n\n{added}\n"), None)[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_all_it_does(run: Run, project: Path, edit: Callable[[str], None], address: str, number: int) -> None:
    """Server, publish, generate, client, logs; a change, a mistake, its correction; and the end of all."""
    (project / "own_client.py").write_text(CLIENT)
    with developing(
        "--server", address, "--run", "exec python own_client.py", "--data-dir", str(project / "data")
    ) as dev:
        dev.wait_for("started a server")
        dev.wait_for("created database chat")
        assert dev.wait_for("Database created").startswith("   log | ")
        dev.wait_for("client | client of chat")
        assert (project / "module_bindings" / "tables.py").is_file()
        assert run("call", "chat", "send_message", "hello", "--server", address).code == 0
        assert dev.wait_for("says: hello").startswith("   log | ")

        edit("class")
        assert "chat/module.py" in dev.wait_for("SyntaxError")
        edit("@table(public=True)\nclass Room:\n    name: str")
        dev.wait_for("+ Add table room")
        dev.wait_for("updated database chat")
        dev.wait_for("client | client of chat")
        assert "room" in (project / "module_bindings" / "tables.py").read_text()

        edit("class")
        dev.wait_for("SyntaxError")
        edit("@table(public=True)\nclass Room:\n    name: str")
        dev.wait_for("chat has this version of the module")

        assert dev.end(number) == 0
        assert "next change" not in dev.rest()
    assert not is_there(address)


def test_a_server_that_went_away_is_started_again(project: Path, edit: Callable[[str], None], address: str) -> None:
    with developing("--server", address, "--server-only", "--data-dir", str(project / "data")) as dev:
        dev.wait_for("Database created")
        dev.wait_for("waiting for changes")
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(dev.process.pid)], capture_output=True, text=True, check=True
        )
        for pid in children.stdout.split():
            with suppress(ProcessLookupError):  # that of ps itself
                os.kill(int(pid), signal.SIGKILL)
        dev.wait_for("the next change starts one")

        edit("@table(public=True)\nclass Room:\n    name: str")
        dev.wait_for("started a server")
        dev.wait_for("+ Add table room")
        assert dev.end() == 0
    assert not is_there(address)


def test_the_projects_files_are_read_again(project: Path, owned: str) -> None:
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text()
    with developing("--server", owned, "--run", "exit 3") as dev:
        dev.wait_for("client | (ended with exit code 3)")
        pyproject.write_text(text.replace('database = "chat"', 'database = "chat-2"'))
        dev.wait_for("created database chat-2")
        assert dev.end() == 0


def test_what_an_update_cannot_do_with_the_data(
    run: Run, project: Path, owned: str, edit: Callable[[str], None]
) -> None:
    edit("@table(public=True)\nclass Room:\n    name: str")
    assert run("publish", "chat", "--server", owned).code == 0
    edit("@table(public=True)\nclass Room:\n    name: u64")
    with developing("--server", owned, "--server-only") as dev:
        dev.wait_for("cannot be updated with the data that is in it")
        assert "start dev again with --delete-data=on-conflict, which" in dev.wait_for("Hint: ")


def test_procedures_may_call_this_machine(run: Run, project: Path, edit: Callable[[str], None], address: str) -> None:
    edit(
        "from stdbpy import ProcedureContext, procedure\n\n@procedure\ndef ask(ctx: ProcedureContext) -> str:\n"
        f"    return str(ctx.http.get('{address}/v1/ping').status)\n\n"
        "@procedure\ndef fail(ctx: ProcedureContext) -> str:\n    raise KeyError('a')"
    )
    module = project / "chat" / "module.py"
    options = ("--server", address, "--server-only", "--data-dir", str(project / "data"), "--allow-loopback-http")
    with developing(*options) as dev:
        dev.wait_for("created database chat")
        answer = run("call", "chat", "ask", "--server", address)
        assert "200" in answer.out, answer.err
        failed = run("call", "chat", "fail", "--server", address)
        error, hint = failed.err.splitlines()
        assert error == "Error: The module instance encountered a fatal error: KeyError: 'a'"
        line = len(module.read_text().splitlines())
        assert hint.startswith(f"Hint: It happened at {module.absolute()}:{line}. ")
        assert hint.endswith(f"The log says where it went wrong: stdbpy logs chat --server {address}")


def test_what_is_left_in_globals_is_told(run: Run, project: Path, edit: Callable[[str], None], address: str) -> None:
    edit("calls = []\n\n@reducer\ndef remember(ctx: ReducerContext) -> None:\n    calls.append(1)")
    options = ("--server", address, "--server-only", "--data-dir", str(project / "data"), "--strict")
    with developing(*options) as dev:
        dev.wait_for("created database chat")
        assert run("call", "chat", "remember", "--server", address).code == 0
        assert "chat/module.py: The global calls was changed" in dev.wait_for("The global ")


def test_what_is_for_a_server_that_it_starts(project: Path, owned: str) -> None:
    with developing("strictly", "--server", owned, "--server-only", "--strict") as dev:
        dev.wait_for(f"--strict would be for a server that this starts; one runs at {owned}")
        dev.wait_for("created database strictly")
        assert dev.end() == 0


@pytest.mark.real
@pytest.mark.usefixtures("wasm_cache")
@pytest.mark.timeout(600)
def test_what_does_not_run_on_spacetimedb_itself(
    project: Path, edit: Callable[[str], None], real_server: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Python project is built for it, as WebAssembly."""
    monkeypatch.setenv("STDBPY_SERVER", real_server.url)
    edit("import asyncio")
    with developing("dev-of-asyncio", "--server-only", within=300) as dev:
        assert "chat/module.py" in dev.wait_for("asyncio")
        assert dev.end() == 0


@pytest.mark.real
@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("wasm_cache")
def test_on_spacetimedb_itself(
    run: Run, project: Path, edit: Callable[[str], None], real_server: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Python project is built anew for each change; its rows stay."""
    monkeypatch.setenv("STDBPY_SERVER", real_server.url)
    with developing("dev-of-changes", "--server-only", within=300) as dev:
        dev.wait_for("created database dev-of-changes")
        dev.wait_for("waiting for changes")
        assert (project / "module_bindings" / "tables.py").is_file()
        assert run("call", "--no-config", "dev-of-changes", "send_message", "hello").code == 0
        assert "chat/module.py:" in dev.wait_for("says: hello")

        edit("import asyncio")
        assert "chat/module.py" in dev.wait_for("asyncio")
        edit("@table(public=True)\nclass Room:\n    name: str = column(primary_key=True)")
        dev.wait_for("+ Add table room")
        dev.wait_for("updated database dev-of-changes")
        dev.wait_for("is up to date with the module")
        assert "room" in (project / "module_bindings" / "tables.py").read_text()
        assert run("sql", "--no-config", "dev-of-changes", "SELECT text FROM message").out == '{"text":"hello"}\n'

        edit("@table(public=True)\nclass Room:\n    name: u64 = column(primary_key=True)")
        dev.wait_for("cannot be updated with the data that is in it")
        assert run("sql", "--no-config", "dev-of-changes", "SELECT text FROM message").out == '{"text":"hello"}\n'
        assert dev.end() == 0


def test_a_server_that_nobody_agreed_to_gets_nothing(project: Path, owned: str) -> None:
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text()
    pyproject.write_text(text.replace("[tool.stdbpy]", f'[tool.stdbpy]\nserver = "{owned}"'))
    with developing("--server-only") as dev:
        dev.wait_for("waiting for changes")
        pyproject.write_text(text.replace("[tool.stdbpy]", '[tool.stdbpy]\nserver = "https://example.org"'))
        dev.wait_for("the project is now for https://example.org, which is not on this machine")
        assert dev.end() == 0


def test_files_called_like_pythons_own_are_in_nobodys_way(project: Path, address: str) -> None:
    (project / "secrets.py").write_text("")
    with developing("--server", address, "--server-only", "--data-dir", str(project / "data")) as dev:
        dev.wait_for("created database chat")
        assert dev.end() == 0


def test_a_client_runs_where_its_own_project_is(
    run: Run, home: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    assert run("init", "inner", "--project-path", "all/inner").code == 0
    (home / "all" / "inner" / "client.py").write_text(CLIENT)
    (home / "all" / "spacetime.json").write_text('{"module-path": "inner"}')
    with developing("--project-path", "all", "--server", address, "--data-dir", "data") as dev:
        dev.wait_for("client | client of inner")
        assert dev.end() == 0


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="programs end in another way there")
def test_a_server_does_not_outlive_a_dev_that_is_killed(project: Path, address: str) -> None:
    where = ("--server", address, "--data-dir", str(project / "data"))
    with developing(*where, "--server-only", "--skip-generate") as dev:
        dev.wait_for("started a server")
        dev.wait_for("waiting for changes")
        port = int(address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), WITHIN) as idle:
            dev.end(signal.SIGKILL)
            assert idle.recv(1) == b""  # the server closes it as it ends


def test_a_server_that_runs_is_used_and_stays(run: Run, project: Path, owned: str) -> None:
    with developing("mine", "--server", owned, "--server-only", "--skip-generate") as dev:
        dev.wait_for("created database mine")
        dev.wait_for("waiting for changes")
        assert dev.end() == 0
        assert not any("client |" in line or "started a server" in line for line in dev.seen)

    assert not (project / "module_bindings").exists()
    assert json.loads(run("list", "--server", owned).out.splitlines()[0])["names"]


def test_nothing_is_published_if_one_likes(project: Path, address: str) -> None:
    with developing("--server", address, "--skip-publish", "--server-only", "--module-bindings-path", "out") as dev:
        dev.wait_for("out is up to date with the module")
        assert dev.end() == 0

    assert (project / "out" / "tables.py").is_file()
    assert not is_there(address)


def test_a_project_begins_from_a_template(home: Path, monkeypatch: pytest.MonkeyPatch, run: Run, owned: str) -> None:
    monkeypatch.chdir(home)
    with developing("--template", "basic", "--project-path", "begun", "--server", owned, "--server-only") as dev:
        dev.wait_for("created database begun")
        assert dev.end() == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--server", "https://example.org"), 2, "which is not on this machine? "),
        (("--server", "nowhere"), 1, "nowhere"),
        (("--client-lang", "rust"), 2, "stdbpy writes Python"),
        (("--delete-data", "--server", "local"), 2, "--yes=delete-data answers yes"),
        (("--delete-data", "--yes=delete-data", "--server", "https://example.org"), 2, "--yes=remote answers yes"),
        (("--dotnet-version", "8"), 2, "builds modules in Python alone"),
        (("other-*",), 1, "has no database 'other-*'"),
    ],
)
def test_refusals(run: Run, project: Path, arguments: tuple[str, ...], code: int, message: str) -> None:
    done = run("dev", *arguments)

    assert (done.code, done.out) == (code, "")
    assert message.strip() in done.err


@pytest.mark.parametrize("said_by", ["--server", "pyproject.toml", "cli.toml"])
def test_answers_are_remembered(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch, said_by: str) -> None:
    """The name is asked for once; both programs find it in their common files, with the server that was meant."""
    url = "https://example.org"
    pyproject = project / "pyproject.toml"
    server = f'server = "{url}"\n' if said_by == "pyproject.toml" else ""
    pyproject.write_text(pyproject.read_text().replace('database = "chat"\n', server))
    if said_by == "cli.toml":
        assert run("server", "add", "staging", "--url", url, "--no-fingerprint", "--default").code == 0
    arguments = ("--server", url) if said_by == "--server" else ()
    without = run("dev", *arguments)
    assert (without.code, without.out) == (2, "")
    assert "DATABASE answers it" in without.err
    assert not (project / "spacetime.json").exists()

    sit_down(monkeypatch, "lobby\nn\n")  # the name, and no to publishing it elsewhere
    assert run("dev", *arguments).code == 1

    assert json.loads((project / "spacetime.local.json").read_text()) == {"database": "lobby"}
    expected = {"--server": {"server": url}, "pyproject.toml": {}, "cli.toml": {"server": "staging"}}
    assert json.loads((project / "spacetime.json").read_text()) == {**expected[said_by], "module-path": "."}
    shown = sit_down(monkeypatch, "n\n")
    assert run("dev", *arguments).code == 1
    assert f"Publish each change of lobby (spacetime.local.json says so) to {url}" in shown.getvalue()


def test_what_was_remembered_counts_the_next_time(project: Path, owned: str) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('database = "chat"\n', ""))
    (project / "spacetime.local.json").write_text('{"database": "remembered"}')
    (project / "spacetime.json").write_text('{"module-path": "."}')
    with developing("--server", owned, "--server-only") as dev:
        dev.wait_for("created database remembered")
        assert dev.end() == 0
