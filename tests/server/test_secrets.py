"""Keys and the owner's token on disk."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from stdbpy.errors import DataDirectoryError
from stdbpy.server.keys import PRIVATE_KEY, PUBLIC_KEY, KeyFiles, KeyPair
from stdbpy.server.owner import OWNER_TOKEN, load_or_create_owner
from stdbpy.server.secret_files import write_secret
from stdbpy.server.tokens import TokenAuthority


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_secret_can_be_read_by_its_owner_alone(tmp_path: Path):
    path = tmp_path / "secret"
    for content in (b"one", b"two"):
        write_secret(path, content)
        assert (path.read_bytes(), mode(path)) == (content, 0o600)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="folders are synced where systems need that")
def test_a_secret_survives_a_loss_of_power(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    is_folder: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: is_folder.append(stat.S_ISDIR(os.fstat(descriptor).st_mode)))
    write_secret(tmp_path / "secret", b"one")
    assert is_folder == [False, True]


def test_a_secret_that_cannot_be_written_leaves_nothing(tmp_path: Path):
    (tmp_path / "secret").mkdir()
    with pytest.raises(OSError, match="secret"):
        write_secret(tmp_path / "secret", b"one")
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_keys_are_made_once(tmp_path: Path):
    folder = tmp_path / "keys"
    files = KeyFiles.in_folder(folder)
    made = KeyPair.load_or_create(files)
    assert KeyPair.load_or_create(files).public_pem == made.public_pem == (folder / PUBLIC_KEY).read_bytes()
    assert made.public_pem.startswith(b"-----BEGIN PUBLIC KEY-----\n")
    assert (mode(folder), mode(folder / PRIVATE_KEY)) == (0o700, 0o600)


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_files_that_are_no_keys(tmp_path: Path, content: bytes):
    (tmp_path / PRIVATE_KEY).write_bytes(content)
    with pytest.raises(DataDirectoryError, match="P-256") as caught:
        KeyPair.load_or_create(KeyFiles.in_folder(tmp_path))
    assert caught.value.hint


def test_a_key_of_another_kind(tmp_path: Path):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    pem = ec.generate_private_key(ec.SECP384R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / PRIVATE_KEY).write_bytes(pem)
    with pytest.raises(DataDirectoryError, match="P-256"):
        KeyPair.load_or_create(KeyFiles.in_folder(tmp_path))


class TestOwner:
    def test_it_is_made_once(self, tmp_path: Path):
        tokens = TokenAuthority(KeyPair.generate())
        owner = load_or_create_owner(tmp_path, tokens)
        assert mode(tmp_path / OWNER_TOKEN) == 0o600
        assert load_or_create_owner(tmp_path, tokens) == owner

    def test_with_a_new_key_it_stays_the_same_identity(self, tmp_path: Path):
        owner = load_or_create_owner(tmp_path, TokenAuthority(KeyPair.generate()))
        tokens = TokenAuthority(KeyPair.generate())
        again = load_or_create_owner(tmp_path, tokens)
        assert again.identity == owner.identity
        assert tokens.check((tmp_path / OWNER_TOKEN).read_text()) == again

    @pytest.mark.parametrize("content", [b"", b"hello", b"a.b.c", b"\xff", b"a.e30.c", b"a.eyJzdWIiOjV9.c"])
    def test_files_that_hold_no_token(self, tmp_path: Path, content: bytes):
        (tmp_path / OWNER_TOKEN).write_bytes(content)
        with pytest.raises(DataDirectoryError) as caught:
            load_or_create_owner(tmp_path, TokenAuthority(KeyPair.generate()))
        assert content.decode("latin-1") not in str(caught.value) or len(content) < 2
