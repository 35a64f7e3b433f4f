from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.errors import ConfigError
from stdbpy.project.cli_toml import CliToml
from stdbpy.project.credentials import CredentialStore, default_path, find_token, server_key

URL = "https://stdb.example.com"
TOKEN = "eyJ.secret.token"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def store(tmp_path: Path) -> CredentialStore:
    return CredentialStore(tmp_path / "config" / "credentials.json")


def test_a_token_is_kept_for_its_server_alone(store: CredentialStore) -> None:
    assert store.token(URL) is None
    store.save(URL, TOKEN)
    store.save("http://127.0.0.1:3000", "other")

    again = CredentialStore(store.path)
    assert again.token(URL) == TOKEN
    assert again.token("http://127.0.0.1:3000") == "other"
    assert again.token("http://127.0.0.1:3001") is None


def test_only_the_owner_may_read_the_file(store: CredentialStore) -> None:
    store.save(URL, TOKEN)

    assert mode(store.path) == 0o600
    assert mode(store.path.parent) == 0o700
    assert list(store.path.parent.iterdir()) == [store.path]


def test_a_file_that_others_could_read_is_closed_to_them(store: CredentialStore) -> None:
    store.save(URL, TOKEN)
    store.path.chmod(0o644)

    assert store.token(URL) == TOKEN
    assert mode(store.path) == 0o600


def test_forgets_a_token(store: CredentialStore) -> None:
    store.save(URL, TOKEN)
    store.save("http://127.0.0.1:3000", "other")

    assert store.forget(URL)
    assert not store.forget(URL)
    assert store.token(URL) is None
    assert store.token("http://127.0.0.1:3000") == "other"


def test_a_failed_write_keeps_the_old_file(store: CredentialStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(URL, TOKEN)

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ConfigError, match="cannot be written: No space left on device") as caught:
        store.save(URL, "new")
    assert "STDBPY_TOKEN" in caught.value.hint
    monkeypatch.undo()

    assert store.token(URL) == TOKEN
    assert list(store.path.parent.iterdir()) == [store.path]


@pytest.mark.parametrize(
    "content",
    [
        f'{{"version": 1, "tokens": {{"{URL}": "{TOKEN}"',
        f'["{TOKEN}"]',
        f'{{"tokens": ["{TOKEN}"]}}',
        f'{{"version": 1, "tokens": {{"{URL}": ["{TOKEN}"]}}}}',
        f'{{"version": 1, "tokens": {{"{URL}": "{TOKEN}"}}, "beside": []}}',
        "",
        "[" * 100_000,
    ],
)
def test_a_damaged_file_is_told_without_its_tokens_and_left_alone(store: CredentialStore, content: str) -> None:
    store.path.parent.mkdir()
    store.path.write_text(content)

    for work in (lambda: store.token(URL), lambda: store.save(URL, "new"), lambda: store.forget(URL)):
        with pytest.raises(ConfigError, match="is damaged") as caught:
            work()
        assert TOKEN not in f"{caught.value} {caught.value.hint} {caught.value.__cause__}"
        assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert store.path.read_text() == content


def test_a_file_of_a_newer_version_is_left_alone(store: CredentialStore) -> None:
    store.path.parent.mkdir()
    content = json.dumps({"version": 2, "tokens": []})
    store.path.write_text(content)

    with pytest.raises(ConfigError, match="is from a newer stdbpy"):
        store.save(URL, TOKEN)
    assert store.path.read_text() == content


def test_a_path_that_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        CredentialStore(tmp_path).token(URL)


def test_lies_in_the_users_configuration(home: Path) -> None:
    assert CredentialStore().path == default_path() == home / ".config/stdbpy/credentials.json"


OTHER = "https://other.example.com"


@pytest.mark.parametrize(
    ("kept", "beside", "official", "shown"),
    [
        (None, None, None, None),
        (None, None, "login", "login"),
        ("own", None, None, "own"),
        ("own", None, "login", "login"),  # somebody has logged in since
        ("own", "login", "login", "own"),
        ("own", "earlier login", "login", "login"),
        ("own", "login", None, "own"),  # and logged out again
        ("own", None, "of another server", "own"),  # which this one would not take
        (None, None, "of another server", "of another server"),  # the same one under a new address, perhaps
        ("login", "login", "login", "login"),
    ],
)
def test_which_token_a_server_is_shown(
    store: CredentialStore,
    tmp_path: Path,
    kept: str | None,
    beside: str | None,
    official: str | None,
    shown: str | None,
) -> None:
    store.save(OTHER, "of another server")
    if kept is not None:
        store.save(URL, kept, beside=beside)

    assert find_token(URL, store, CliToml(tmp_path / "cli.toml", token=official)) == shown


@pytest.mark.parametrize(("official", "shown"), [(None, "of the owner"), ("login", "of the owner"), ("here", "here")])
def test_the_owner_goes_before_all_but_a_login_at_the_very_server(
    store: CredentialStore, tmp_path: Path, official: str | None, shown: str
) -> None:
    (tmp_path / "owner").write_text("of the owner")
    store.save(URL, "here", beside="here")

    with store.own_servers.running([server_key(URL)], tmp_path / "owner"):
        assert find_token(URL, store, CliToml(tmp_path / "cli.toml", token=official)) == shown


def test_the_token_of_cli_toml_is_not_written_down_again(store: CredentialStore) -> None:
    store.save(URL, TOKEN, beside="eyJ.other.secret")

    assert "other" not in store.path.read_text()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://stdb.example.com", "HTTPS://STDB.Example.com/"),
        ("https://stdb.example.com", "https://stdb.example.com:443"),
        ("http://127.0.0.1", "http://127.0.0.1:80/"),
        ("http://[::1]:3000", "http://[::1]:3000/"),
    ],
)
def test_spellings_of_one_server(one: str, other: str) -> None:
    assert server_key(one) == server_key(other)


@given(
    st.sampled_from(["http", "https"]), st.sampled_from(["a", "b"]), st.integers(1, 65535), st.sampled_from(["", "/x"])
)
def test_different_servers_have_different_keys(scheme: str, host: str, port: int, path: str) -> None:
    key = server_key(f"{scheme}://{host}:{port}{path}")

    assert key == server_key(key)
    assert key != server_key(f"{scheme}://{host}:{port % 65535 + 1}{path}")
    assert key != server_key(f"{scheme}://{host}x:{port}{path}")


def test_many_at_once_lose_nothing(store: CredentialStore) -> None:
    urls = [f"http://127.0.0.1:{port}" for port in range(3000, 3016)]

    with ThreadPoolExecutor(len(urls)) as pool:
        list(pool.map(lambda url: CredentialStore(store.path).save(url, f"token of {url}"), urls))

    assert [store.token(url) for url in urls] == [f"token of {url}" for url in urls]
