"""The options of ``stdbpy start``: what they make of the server that it runs."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from stdbpy import server
from stdbpy.api import ApiClient
from stdbpy.cli.commands import start
from stdbpy.server import KeyFiles, RunningServer, ServerConfig
from tests import real_servers
from tests.cli.conftest import Run


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[ServerConfig]:
    """What the servers were told that ``start`` would have run."""
    configs: list[ServerConfig] = []

    def serve(config: ServerConfig, *, on_ready: Callable[[str], None]) -> None:
        configs.append(config)

    monkeypatch.setattr(server, "serve", serve)
    return configs


@pytest.fixture
def cli_toml(home: Path) -> Path:
    path = home / ".config" / "spacetime" / "cli.toml"
    path.parent.mkdir(parents=True)
    return path


def test_the_address_of_cli_toml(run: Run, cli_toml: Path, started: list[ServerConfig]) -> None:
    assert run("start").code == 0
    cli_toml.write_text('listen_addr = "127.0.0.1:4000"\n')
    assert run("start").code == 0
    assert run("start", "-l", "127.0.0.1:5000").code == 0
    assert [config.listen_addr for config in started] == ["127.0.0.1:3000", "127.0.0.1:4000", "127.0.0.1:5000"]


def test_no_address_in_cli_toml(run: Run, cli_toml: Path, started: list[ServerConfig]) -> None:
    cli_toml.write_text('listen_addr = "4000"\n')
    done = run("start")
    assert (done.code, started) == (1, [])
    assert done.err.startswith(f"Error: {cli_toml}: listen_addr, '4000' is not an address to listen at")


def test_how_long_calls_may_take(run: Run, started: list[ServerConfig]) -> None:
    assert run("start").code == 0
    assert run("start", "--call-seconds", "0.5").code == 0
    assert [config.limits.seconds for config in started] == [30, 0.5]
    assert run("start", "--call-seconds", "0").code == 2


def test_modules_that_keep_nothing_in_globals(run: Run, started: list[ServerConfig]) -> None:
    assert run("start").code == 0
    assert run("start", "--strict").code == 0
    assert [config.strict for config in started] == [False, True]


def test_a_port_for_postgresql(run: Run, started: list[ServerConfig]) -> None:
    assert run("start").code == 0
    assert run("start", "--pg-port", "5432").code == 0
    assert [config.pg_port for config in started] == [None, 5432]


def test_clients_of_postgresql_are_told_where_to_go(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(config: ServerConfig, *, on_ready: Callable[[str], None]) -> None:
        on_ready("http://127.0.0.1:3000")

    monkeypatch.setattr(server, "serve", serve)
    assert "port 5432" in run("start", "--pg-port", "5432").err
    assert "PostgreSQL" not in run("start").err


@pytest.mark.parametrize("words", [("--edition", "standalone"), ("--non-interactive",)])
def test_taken_as_they_are_there(run: Run, started: list[ServerConfig], words: tuple[str, ...]) -> None:
    assert run("start", *words).code == 0
    assert len(started) == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--edition", "cloud"), "standalone edition of SpacetimeDB alone, not 'cloud'"),
        (("--pg-port", "0"), "--pg-port"),
        (("--enable-tracy",), "stdbpy start has no --enable-tracy: "),
        (("--page_pool_max_size", "64MiB"), "stdbpy start has no --page_pool_max_size: "),
        (("--jwt-priv-key-path", "key"), "--jwt-priv-key-path and --jwt-pub-key-path go together"),
    ],
)
def test_refused(run: Run, started: list[ServerConfig], words: tuple[str, ...], reason: str) -> None:
    done = run("start", *words)
    assert (done.code, done.out, started) == (2, "", [])
    assert reason in done.err
    assert "Hint: " in done.err


def test_data_and_keys_have_their_folders(home: Path, run: Run, started: list[ServerConfig]) -> None:
    run("--root-dir", str(home / "root"), "start")
    run("start", "--data-dir", str(home / "data"), "--jwt-key-dir", str(home / "keys"))
    run("start", "--jwt-priv-key-path", str(home / "private"), "--jwt-pub-key-path", str(home / "public"))
    assert [config.data_dir for config in started[:2]] == [home / "root" / "stdbpy" / "data", home / "data"]
    assert [config.key_files for config in started] == [
        None,
        KeyFiles(home / "keys" / "id_ecdsa", home / "keys" / "id_ecdsa.pub"),
        KeyFiles(home / "private", home / "public"),
    ]


def test_servers_with_the_same_keys_take_each_others_tokens(tmp_path: Path) -> None:
    keys = KeyFiles.in_folder(tmp_path / "keys")

    def config(data: str) -> ServerConfig:
        return ServerConfig(listen_addr="127.0.0.1:0", data_dir=tmp_path / data, key_files=keys)

    with RunningServer(config("a")) as a, ApiClient(a.url) as api:
        created = api.create_identity()
    with RunningServer(config("b")) as b, ApiClient(b.url, created.token) as api:
        assert api.verify(created.identity)
    assert not (tmp_path / "a" / "keys").exists()


@pytest.mark.real
def test_keys_of_the_real_server(tmp_path: Path) -> None:
    with real_servers.running("2.8.3", keeping=tmp_path) as real, ApiClient(real.url) as api:
        created = api.create_identity()
    config = ServerConfig(listen_addr="127.0.0.1:0", key_files=KeyFiles.in_folder(tmp_path / "keys"))
    with RunningServer(config) as ours, ApiClient(ours.url, created.token) as api:
        assert api.verify(created.identity)


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1)])
def test_another_port_is_offered(
    run: Run, home: Path, started: list[ServerConfig], monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    asked: list[str] = []

    def answered(question: str, *_: object, **__: object) -> str:
        asked.append(question)
        return answer

    real_serve = server.run.serve

    def serve(config: ServerConfig, *, on_ready: Callable[[str], None]) -> None:
        if config.listen_addr == taken_at:
            real_serve(config, on_ready=on_ready)
        started.append(config)

    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.setattr(start, "is_interactive", lambda: True)
    monkeypatch.setattr("stdbpy.cli.terminal._answer", answered)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        taken_at = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run("start", "--listen-addr", taken_at, "--in-memory")
        assert run("start", "--listen-addr", taken_at, "--in-memory", "--non-interactive").code == 1
    assert done.code == code, done.err
    assert len(asked) == 1
    assert taken_at in asked[0]
    if answer == "y":
        assert started[0].listen_addr in asked[0]
    else:
        assert started == []
        assert f"another program listens at {taken_at}" in done.err


def test_no_port_is_offered_while_a_server_runs_on_the_same_data(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "is_interactive", lambda: True)
    data = home / "data"
    with RunningServer(ServerConfig(listen_addr="127.0.0.1:0", data_dir=data)) as running:
        address = running.url.removeprefix("http://")
        done = run("start", "--listen-addr", address, "--data-dir", str(data))
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"Error: a server runs on the data in {data}\nHint: Use the one that runs, or ")


@pytest.mark.parametrize(
    ("words", "is_told"),
    [(("-l", "0.0.0.0:0"), True), (("-l", "0.0.0.0:0", "--allow-native"), False), (("-l", "127.0.0.1:0"), False)],
)
def test_where_python_modules_are_refused(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], is_told: bool
) -> None:
    def serve(config: ServerConfig, *, on_ready: Callable[[str], None]) -> None:
        on_ready(f"http://{config.listen_addr}")

    monkeypatch.setattr(server, "serve", serve)

    assert ("--allow-native lets you publish them" in run("start", *words).err) is is_told
