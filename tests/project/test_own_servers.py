"""Notes of the servers that the user runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stdbpy.errors import ConfigError
from stdbpy.project.own_servers import OwnServers

KEY, OTHER = "http://127.0.0.1:3000", "http://[::1]:3000"


@pytest.fixture
def servers(tmp_path: Path) -> OwnServers:
    return OwnServers(tmp_path / "config" / "own-servers")


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "owner \u00e9_token"
    file.write_text("secret\n")
    return file


def test_there_is_a_token_while_the_server_runs(servers: OwnServers, token_file: Path) -> None:
    assert servers.token(KEY) is None
    assert not servers.folder.exists()
    with servers.running([KEY, OTHER], token_file):
        assert servers.token(KEY) == servers.token(OTHER) == "secret"
        assert servers.token("http://127.0.0.1:3001") is None
        assert servers.folder.stat().st_mode & 0o777 == 0o700
        for note in servers.folder.iterdir():
            assert note.stat().st_mode & 0o777 == 0o600
            assert b"secret" not in note.read_bytes()
    assert servers.token(KEY) is None
    assert list(servers.folder.iterdir()) == []


def test_a_note_that_a_killed_server_left_says_nothing(servers: OwnServers, token_file: Path) -> None:
    code = """
import sys
from pathlib import Path
from stdbpy.project.own_servers import OwnServers
with OwnServers(Path(sys.argv[1])).running([sys.argv[2]], Path(sys.argv[3])):
    print("running", flush=True)
    sys.stdin.read()
"""
    arguments = [sys.executable, "-c", code, str(servers.folder), KEY, str(token_file)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert servers.token(KEY) == "secret"
        process.kill()
    assert len(list(servers.folder.iterdir())) == 1
    assert servers.token(KEY) is None
    assert list(servers.folder.iterdir()) == []


def test_a_note_of_a_killed_server_is_no_hindrance(servers: OwnServers, token_file: Path, tmp_path: Path) -> None:
    with servers.running([KEY], token_file):
        (left,) = servers.folder.iterdir()
        content = left.read_bytes()
    left.write_bytes(content)
    other = tmp_path / "other"
    other.write_text("another")
    with servers.running([OTHER], other):
        assert [servers.token(KEY), servers.token(OTHER)] == [None, "another"]
    left.write_bytes(content)
    with servers.running([OTHER], other):
        assert not left.exists()
        with servers.running([KEY], other):
            assert servers.token(KEY) == servers.token(OTHER) == "another"


def test_a_server_leaves_the_note_of_its_successor_alone(servers: OwnServers, token_file: Path) -> None:
    first = servers.running([KEY], token_file)
    first.__enter__()
    with servers.running([KEY], token_file):
        first.__exit__(None, None, None)
        assert servers.token(KEY) == "secret"


@pytest.mark.parametrize("content", [None, b"", b"\xff"])
def test_a_token_that_is_not_there(servers: OwnServers, token_file: Path, content: bytes | None) -> None:
    with servers.running([KEY], token_file):
        token_file.unlink() if content is None else token_file.write_bytes(content)
        assert servers.token(KEY) is None


def test_a_folder_that_cannot_be_made(tmp_path: Path, token_file: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ConfigError, match="cannot be written"),
        OwnServers(tmp_path / "file" / "x").running([KEY], token_file),
    ):
        pass
