from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stdbpy.api import login_host as login_host_module
from stdbpy.api.client import ApiClient
from stdbpy.api.login_host import WebLogin
from stdbpy.errors import ApiError, ConfigError, ServerUnreachable, TokenRejected, UsageError
from stdbpy.project import cli_toml
from stdbpy.project.cli_toml_edit import set_token
from stdbpy.project.credentials import CredentialStore, is_of_another_server
from stdbpy.project.login import Account, identity_in
from stdbpy.sats.values import Identity
from stdbpy.server import RunningServer, ServerConfig
from tests.login_host import SESSION, LoginHostStandIn, login_host

SOMEBODY = "c2000b61581229d704089a398bf5d72a06a75e963c279c265c8352ad00851ea2"


def token_saying(claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJ.{payload}.c2ln"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cli.toml"


@pytest.fixture
def store(tmp_path: Path) -> CredentialStore:
    return CredentialStore(tmp_path / "credentials.json")


@pytest.fixture
def account(path: Path, store: CredentialStore) -> Account:
    return Account(path, store)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoginHostStandIn]:
    monkeypatch.setattr(login_host_module, "PAUSE", 0.0)
    with login_host() as standin:
        standin.token = token_saying({"hex_identity": SOMEBODY})
        yield standin


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer() as server:
        yield server


def accepted(server_url: str, token: str | None) -> Identity | None:
    with ApiClient(server_url, token) as api:
        return identity_in(api.websocket_token())


@pytest.mark.parametrize(
    ("token", "identity"),
    [
        (token_saying({"hex_identity": SOMEBODY}), SOMEBODY),
        (token_saying({"iss": "localhost", "sub": "x"}), SOMEBODY),
        (token_saying({"iss": "localhost"}), None),
        (token_saying({"hex_identity": "c2"}), None),
        (token_saying([]), None),
        ("eyJ.%%%.x", None),
        ("a.b", None),
        ("", None),
    ],
)
def test_whom_a_token_names(token: str, identity: str | None) -> None:
    assert identity_in(token) == (None if identity is None else Identity.from_hex(identity))


def test_with_a_token(account: Account, path: Path, host: LoginHostStandIn) -> None:
    assert account.login() is None
    first = account.log_in_with_token("dummy", login_host=host.url)
    assert (first.identity, first.before) == (None, None)

    second = account.log_in_with_token(host.token, login_host=host.url)

    assert second.identity == Identity.from_hex(SOMEBODY)
    assert second.before is not None
    assert (second.before.identity, second.before.warning) == (None, "")
    login = account.login()
    assert login is not None
    assert (login.token, login.identity) == (host.token, second.identity)
    assert cli_toml.read(path).token == host.token
    assert host.requests == []


def test_what_is_no_token_replaces_none(account: Account, path: Path, host: LoginHostStandIn) -> None:
    account.log_in_with_token(host.token, login_host=host.url)

    with pytest.raises(UsageError, match="that is no token"):
        account.log_in_with_token("dummy", login_host=host.url)

    assert cli_toml.read(path).token == host.token


def test_whose_tokens_are_gone_with_a_login(
    account: Account, server: RunningServer, host: LoginHostStandIn, tmp_path: Path
) -> None:
    with RunningServer() as other:
        first = account.log_in_at_server(server.url, login_host=host.url)
        assert first.lost == ()
        elsewhere = account.log_in_at_server(other.url, login_host=host.url)
        assert elsewhere.lost == (), "the token of the first server is kept for it"

        again = account.log_in_at_server(server.url, login_host=host.url)
        assert again.lost == (first.identity,)
        taken = account.log_in_with_token(host.token, login_host=host.url)
        assert taken.lost == ()
        assert account.log_in_at_server(server.url, login_host=host.url).lost == tuple(
            sorted((again.identity, taken.identity), key=str)
        )


def test_a_login_in_the_browser_can_be_had_again(
    account: Account, server: RunningServer, host: LoginHostStandIn
) -> None:
    account.log_in_at_host(host.url, lambda login: None)

    assert account.log_in_at_server(server.url, login_host=host.url).lost == ()


def test_in_the_browser(account: Account, path: Path, host: LoginHostStandIn) -> None:
    host.questions_until_approval = 2
    shown: list[WebLogin] = []

    done = account.log_in_at_host(host.url, shown.append)

    assert [login.page for login in shown] == [host.page]
    assert done.identity == Identity.from_hex(SOMEBODY)
    config = cli_toml.read(path)
    assert (config.token, config.web_session_token) == (host.token, SESSION)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_login_takes_the_place_of_the_one_before_once_it_is_done(
    account: Account, path: Path, host: LoginHostStandIn
) -> None:
    account.log_in_at_host(host.url, lambda login: None)
    host.instead["/api/spacetimedb-token"] = (500, b"")
    before = path.read_text()
    with pytest.raises(ApiError):
        account.log_in_at_host(host.url, lambda login: None)
    assert path.read_text() == before
    assert "/auth/cli/logout" not in host.paths
    host.instead.clear()

    done = account.log_in_at_host(host.url, lambda login: None)

    assert done.before is not None
    assert done.before.identity == Identity.from_hex(SOMEBODY)
    assert host.requests[-1] == ("POST", "/auth/cli/logout", SESSION)


def test_a_login_that_was_not_finished_is_taken_up(account: Account, path: Path, host: LoginHostStandIn) -> None:
    host.instead["/api/spacetimedb-token"] = (500, b"")
    with pytest.raises(ApiError):
        account.log_in_at_host(host.url, lambda login: None)
    assert cli_toml.read(path).web_session_token == SESSION
    host.instead.clear()
    asked = len(host.requests)

    done = account.log_in_at_host(host.url, lambda login: pytest.fail("the user has logged in before"))

    assert done.identity == Identity.from_hex(SOMEBODY)
    assert host.paths[asked:] == ["/api/spacetimedb-token"]


def test_logging_out(account: Account, path: Path, host: LoginHostStandIn) -> None:
    assert account.log_out(login_host=host.url) is None
    assert not path.exists()
    account.log_in_at_host(host.url, lambda login: None)

    done = account.log_out(login_host=host.url)

    assert done is not None
    assert (done.identity, done.warning) == (Identity.from_hex(SOMEBODY), "")
    assert host.requests[-1] == ("POST", "/auth/cli/logout", SESSION)
    assert account.login() is None
    assert account.log_out(login_host=host.url) is None


def test_logging_out_without_the_host(account: Account, path: Path, host: LoginHostStandIn) -> None:
    set_token(path, "dummy", web_session_token=SESSION)
    with login_host() as gone:
        url = gone.url

    done = account.log_out(login_host=url)

    assert done is not None
    assert done.warning.startswith(f"the session at {url} may go on: no server answers")
    assert account.login() is None


def test_at_a_server(account: Account, path: Path, server: RunningServer, host: LoginHostStandIn) -> None:
    done = account.log_in_at_server(server.url, login_host=host.url)

    token = cli_toml.read(path).token
    assert token is not None
    assert done.identity == accepted(server.url, token) == identity_in(token)
    login = account.login(server.url)
    assert login is not None
    assert login.token == token


def test_after_logging_out_a_server_knows_again_whom_it_made(
    account: Account, store: CredentialStore, path: Path, server: RunningServer, host: LoginHostStandIn
) -> None:
    made = account.renew(server.url)
    token = store.token(server.url)
    assert cli_toml.read(path).token == token

    done = account.log_out(login_host=host.url)

    assert done is not None
    assert (done.identity, done.kept_for) == (made.identity, (server.url,))
    assert account.login() is None
    login = account.login(server.url)
    assert login is not None
    assert (login.identity, login.token) == (made.identity, token)


def test_after_logging_out_no_server_is_shown_what_the_login_host_gave(
    account: Account, store: CredentialStore, path: Path, server: RunningServer, host: LoginHostStandIn
) -> None:
    store.save("http://127.0.0.1:9", "made automatically")
    account.log_in_at_host(host.url, lambda login: None)
    store.save(server.url, host.token, beside=host.token)

    done = account.log_out(login_host=host.url)

    assert done is not None
    assert done.kept_for == ()
    assert account.login(server.url) is None
    assert list(store.all()) == ["http://127.0.0.1:9"]


def test_a_server_that_is_not_there_changes_nothing(account: Account, path: Path, host: LoginHostStandIn) -> None:
    set_token(path, host.token)

    with login_host() as gone:
        url = gone.url
    for attempt in (lambda: account.log_in_at_server(url, login_host=host.url), lambda: account.renew(url)):
        with pytest.raises(ServerUnreachable):
            attempt()
    assert cli_toml.read(path).token == host.token


class TestRenewing:
    """What a server was told before it was reset: its new keys know no old token."""

    @pytest.fixture
    def url(self) -> Iterator[str]:
        with RunningServer() as server:
            url = server.url
        with RunningServer(ServerConfig(listen_addr=urlsplit(url).netloc)):
            yield url

    @pytest.fixture
    def old_token(self, server: RunningServer) -> str:
        with ApiClient(server.url) as other:
            return other.create_identity().token

    def test_an_identity_that_was_made_for_it(
        self, account: Account, store: CredentialStore, path: Path, url: str, old_token: str
    ) -> None:
        store.save(url, old_token)
        with pytest.raises(TokenRejected) as caught:
            accepted(url, old_token)
        assert f"stdbpy login --server-issued-login {url} --renew" in caught.value.hint

        done = account.renew(url)

        assert done.is_new
        assert accepted(url, store.token(url)) == done.identity
        assert cli_toml.read(path).token == store.token(url)
        assert not account.renew(url).is_new
        assert account.renew(url).identity == done.identity

    def test_a_login_at_it(
        self, account: Account, store: CredentialStore, path: Path, url: str, old_token: str
    ) -> None:
        set_token(path, old_token)
        store.save(url, old_token, beside=old_token)

        done = account.renew(url)

        config = cli_toml.read(path)
        assert accepted(url, config.token) == done.identity
        login = account.login(url)
        assert login is not None
        assert login.token == config.token

    def test_a_login_elsewhere_stays(
        self, account: Account, store: CredentialStore, path: Path, url: str, old_token: str
    ) -> None:
        set_token(path, old_token, web_session_token=SESSION)

        done = account.renew(url)

        config = cli_toml.read(path)
        assert (config.token, config.web_session_token) == (old_token, SESSION)
        login = account.login(url)
        assert login is not None
        assert (login.identity, done.is_new) == (done.identity, True)

    def test_what_was_kept_for_it_is_tried_first(
        self, account: Account, store: CredentialStore, path: Path, url: str, old_token: str
    ) -> None:
        with ApiClient(url) as api:
            kept = api.create_identity()
        store.save(url, kept.token)
        set_token(path, old_token)

        done = account.renew(url)

        assert (done.identity, done.is_new) == (kept.identity, False)
        login = account.login(url)
        assert login is not None
        assert login.token == kept.token

    def test_who_has_no_login_is_logged_in(self, account: Account, path: Path, url: str) -> None:
        path.write_text(f'web_session_token = "{SESSION}"\n')

        done = account.renew(url)

        config = cli_toml.read(path)
        assert (accepted(url, config.token), config.web_session_token) == (done.identity, SESSION)

    def test_a_server_that_moved_is_known_again(
        self, account: Account, store: CredentialStore, path: Path, url: str
    ) -> None:
        account.renew(url)
        token, moved = cli_toml.read(path).token, url.replace("127.0.0.1", "localhost")
        assert token is not None
        assert is_of_another_server(token, moved, store)

        done = account.renew(moved)

        assert not done.is_new
        assert store.token(moved) == token
        assert not is_of_another_server(token, moved, store)

    def test_what_is_no_token_at_all(self, account: Account, path: Path, url: str) -> None:
        set_token(path, "no token, with blanks")

        assert account.renew(url).is_new


def test_a_broken_file_is_kept(account: Account, path: Path, host: LoginHostStandIn) -> None:
    path.write_text("broken")

    for work in (account.login, lambda: account.log_out(login_host=host.url), lambda: account.renew(host.url)):
        with pytest.raises(ConfigError, match=r"cli\.toml:1: not valid TOML"):
            work()
    assert path.read_text() == "broken"
