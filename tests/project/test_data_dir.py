from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from stdbpy.api.client import ApiClient
from stdbpy.engine.data_folder import CONTROL_FILE
from stdbpy.errors import DataDirectoryError
from stdbpy.project import data_dir
from stdbpy.project.data_dir import expect_unused, find_data_dir
from stdbpy.server import RunningServer, ServerConfig
from stdbpy.server.owner import OWNER_TOKEN
from stdbpy.server.run import KEYS
from tests.real_servers import program


def config(folder: Path) -> ServerConfig:
    return ServerConfig(listen_addr="127.0.0.1:0", data_dir=folder)


def test_knows_the_engine_s_names() -> None:
    assert data_dir._CONTROL == CONTROL_FILE


def test_all_databases_go_and_who_is_who_stays(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with RunningServer(config(folder)) as server:
        owner = server.owner_token
    (folder / "databases" / "1").mkdir(parents=True)
    (folder / "databases" / "1" / "journal.sqlite").touch()
    (folder / "notes.txt").touch()
    found = find_data_dir(folder)
    assert found is not None
    assert found.is_ours

    found.clear()

    assert sorted(each.name for each in folder.iterdir()) == sorted([KEYS, OWNER_TOKEN, "notes.txt"])
    with RunningServer(config(folder)) as server, ApiClient(server.url, owner) as api:
        api.ping()
        assert server.owner_token == owner


def test_nothing_there_is_nothing_to_clear(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert find_data_dir(folder) is None
    with RunningServer(config(folder)):
        pass
    found = find_data_dir(folder)
    assert found is not None
    found.clear()

    assert find_data_dir(folder) is None


def test_data_that_no_server_uses(tmp_path: Path) -> None:
    expect_unused(tmp_path / "data")
    with RunningServer(config(tmp_path / "data")):
        pass
    expect_unused(tmp_path / "data")


def test_not_while_a_server_runs_on_it(tmp_path: Path) -> None:
    with RunningServer(config(tmp_path / "data")):
        before = sorted((tmp_path / "data").rglob("*"))
        found = find_data_dir(tmp_path / "data")
        assert found is not None
        with pytest.raises(DataDirectoryError, match=r"a server runs on the data in .*data") as caught:
            found.clear()
        assert caught.value.hint == "Stop it first."
        with pytest.raises(DataDirectoryError, match="a server runs on the data"):
            expect_unused(tmp_path / "data")
        assert sorted((tmp_path / "data").rglob("*")) == before


def test_a_damaged_register_can_be_cleared_too(tmp_path: Path) -> None:
    (tmp_path / CONTROL_FILE).write_bytes(b"no database" * 1000)
    found = find_data_dir(tmp_path)
    assert found is not None

    found.clear()

    assert not (tmp_path / CONTROL_FILE).exists()


@pytest.mark.parametrize("names", [["notes.txt"], ["keys", "notes.txt"], ["metadata.toml"]])
def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path, names: list[str]) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    for name in names:
        (folder / name).touch()

    with pytest.raises(DataDirectoryError, match="other is no data directory"):
        find_data_dir(folder)
    with pytest.raises(DataDirectoryError, match=r"notes.txt is no data directory|metadata.toml is no data directory"):
        find_data_dir(folder / names[-1])


def test_what_a_link_leads_to_stays(tmp_path: Path) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "data"
    (elsewhere / "inner").mkdir(parents=True)
    with RunningServer(config(folder)):
        pass
    (folder / "databases").rmdir()
    (folder / "databases").symlink_to(elsewhere)
    found = find_data_dir(folder)
    assert found is not None

    found.clear()

    assert (elsewhere / "inner").is_dir()
    assert not (folder / "databases").is_symlink()


def test_what_may_not_be_deleted_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RunningServer(config(tmp_path / "data")):
        pass
    found = find_data_dir(tmp_path / "data")
    assert found is not None

    def refused(self: Path) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.raises(DataDirectoryError, match=r"control\.sqlite cannot be deleted: Permission denied"):
        found.clear()


@pytest.mark.real
@pytest.mark.parametrize("version", ["2.8.3", "1.2.0"])
def test_the_official_server_s_folder(tmp_path: Path, version: str) -> None:
    folder = tmp_path / "data"
    command = [
        *(str(program(f"spacetimedb-standalone-{version}")), "start", "--listen-addr", "127.0.0.1:0"),
        *("--data-dir", str(folder), "--jwt-key-dir", str(tmp_path / "keys")),
    ]
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "listening" in line.lower():
                break
        found = find_data_dir(folder)
        assert found is not None
        assert not found.is_ours
        with pytest.raises(DataDirectoryError, match="a server runs on the data"):
            found.clear()
        assert (folder / "control-db").is_dir()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)

    found.clear()

    assert not folder.exists()
    assert (tmp_path / "keys").is_dir()
