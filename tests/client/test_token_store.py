"""Tokens that clients keep."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from stdbpy.client.token_store import FileTokens, KeyringTokens, server_key, token_store
from stdbpy.errors import ClientError, MissingExtra

SERVER = "http://127.0.0.1:3000"


@pytest.fixture
def tokens(tmp_path):
    return FileTokens(tmp_path / "deep" / "tokens")


def test_a_token_is_kept_for_its_server_and_database(tokens):
    tokens.save(SERVER, "game", "one")
    tokens.save(SERVER, "other", "two")
    tokens.save("https://elsewhere", "game", "three")
    assert tokens.load(SERVER, "game") == "one"
    assert tokens.load("ws://127.0.0.1:3000/", "game") == "one"
    assert tokens.load(SERVER, "other") == "two"
    assert tokens.load("wss://ELSEWHERE:443", "game") == "three"
    assert tokens.load(SERVER, "nothing") is None
    tokens.save(SERVER, "game", "newer")
    assert tokens.load(SERVER, "game") == "newer"
    assert len(list(tokens.folder.iterdir())) == 3


def test_only_the_owner_can_read_them(tokens):
    previous = os.umask(0)
    try:
        tokens.save(SERVER, "a/../b", "one")
    finally:
        os.umask(previous)
    [file] = tokens.folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert tokens.folder.stat().st_mode & 0o777 == 0o700
    assert file.name.startswith("a-b-")


def test_a_file_is_whole_or_not_there(tokens):
    tokens.save(SERVER, "game", "x" * 1000)
    over = threading.Event()

    def write() -> None:
        try:
            for number in range(50):
                tokens.save(SERVER, "game", str(number % 10) * 1000)
        finally:
            over.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not over.is_set():
        token = tokens.load(SERVER, "game")
        assert token is not None
        assert len(token) == 1000
        assert len(set(token)) == 1
    writer.join()
    assert len(list(tokens.folder.iterdir())) == 1


@pytest.mark.parametrize("content", [b"", b"secret", b'{"token": 3}', b'["secret"]', b'{"toke": "secret"}'])
def test_a_damaged_file_is_no_token_and_gives_none_away(tokens, content):
    tokens.save(SERVER, "game", "one")
    tokens.path(SERVER, "game").write_bytes(content)
    with pytest.raises(ClientError, match="holds no token") as caught:
        tokens.load(SERVER, "game")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    tokens = FileTokens(tmp_path / "file" / "tokens")
    with pytest.raises(ClientError, match="cannot be written"):
        tokens.save(SERVER, "game", "secret")


def test_what_keeping_means(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert token_store(False) is None
    default = token_store(True)
    assert isinstance(default, FileTokens)
    assert default.folder == tmp_path / "stdbpy" / "tokens"
    assert token_store(default) is default


class FakeKeyring:
    """Where the system's would be."""

    def __init__(self):
        self.kept = {}

    def get_password(self, service, user):
        return self.kept.get((service, user))

    def set_password(self, service, user, token):
        self.kept[service, user] = token

    def delete_password(self, service, user):
        from keyring.errors import PasswordDeleteError

        if self.kept.pop((service, user), None) is None:
            raise PasswordDeleteError("not found")


def test_the_keyring(monkeypatch):
    keyring = pytest.importorskip("keyring")
    fake = FakeKeyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: fake)
    for name in ("get_password", "set_password", "delete_password"):
        monkeypatch.setattr(keyring, name, getattr(fake, name))
    tokens = token_store("keyring")
    assert isinstance(tokens, KeyringTokens)
    assert tokens.load(SERVER, "game") is None
    tokens.save(SERVER, "game", "one")
    assert tokens.load(SERVER, "game") == "one"
    assert list(fake.kept) == [("stdbpy", f"game on {SERVER}")]
    assert tokens.forget(SERVER, "game")
    assert not tokens.forget(SERVER, "game")


def test_no_keyring(monkeypatch):
    keyring = pytest.importorskip("keyring")
    from keyring.backends.fail import Keyring

    monkeypatch.setattr(keyring, "get_keyring", Keyring)
    with pytest.raises(ClientError, match="has no keyring") as caught:
        token_store("keyring")
    assert "keep_token=True" in caught.value.hint
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(MissingExtra) as missing:
        token_store("keyring")
    assert missing.value.hint == 'pip install "stdbpy[keyring]"'


def test_one_spelling_for_one_server():
    same = ["http://Example.org", "http://example.org:80/", "ws://example.org", "HTTP://example.org//"]
    assert {server_key(address) for address in same} == {"http://example.org"}
    assert server_key("wss://[::1]:3000/below/") == "https://[::1]:3000/below"
