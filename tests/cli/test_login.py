"""``login``, ``login show`` and ``logout``."""

from __future__ import annotations

import base64
import io
import json
import sys
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import pytest

from stdbpy.api import login_host as login_host_module
from stdbpy.cli.commands import login as login_command
from stdbpy.project import cli_toml
from stdbpy.server import RunningServer
from tests.cli.conftest import Run
from tests.login_host import LoginHostStandIn, login_host
from tests.real_servers import RealServer

SOMEBODY = "c2000b61581229d704089a398bf5d72a06a75e963c279c265c8352ad00851ea2"
NAMELESS_TOKEN = f"eyJ.{base64.urlsafe_b64encode(b'{}').decode().rstrip('=')}.c2ln"
TOKEN = f"eyJ.{base64.urlsafe_b64encode(json.dumps({'hex_identity': SOMEBODY}).encode()).decode().rstrip('=')}.c2ln"


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoginHostStandIn]:
    monkeypatch.setattr(login_host_module, "PAUSE", 0.0)
    with login_host() as standin:
        standin.token = TOKEN
        yield standin


@pytest.fixture
def text(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STDBPY_FORMAT", "table")


@pytest.mark.usefixtures("text")
def test_a_token(run: Run, home: Path) -> None:
    assert run("login", "show").out == "You are not logged in.\n"
    assert run("login", "--token", NAMELESS_TOKEN).out == "Token saved.\n"
    assert run("login", "show").out == "You are logged in as somebody whom the token does not name\n"
    done = run("login", "--token", TOKEN)
    assert done.out == f"Logged out.\nLogged in with identity {SOMEBODY}\n"
    assert done.err == ""
    assert run("login", "show").out == f"You are logged in as {SOMEBODY}\n"
    shown = run("login", "show", "--token").out
    assert shown.splitlines()[1] == f"Your token, which nobody else should see, is {TOKEN}"
    assert cli_toml.read(home / ".config/spacetime/cli.toml").token == TOKEN
    assert run("logout").out == f"Logged out (identity {SOMEBODY}).\n"
    assert run("logout").out == "You are not logged in.\n"


def test_what_is_no_token(run: Run) -> None:
    first = run("login", "--token", "dummy")
    assert (first.code, first.err.startswith("this is no token that any server takes")) == (0, True)
    assert run("login", "--token", "another").code == 0
    assert run("login", "--token", TOKEN).err == ""

    for junk in ("dummy", "", "a.b.c"):
        done = run("login", "--token", junk)
        assert (done.code, done.out) == (2, "")
        assert "that is no token" in done.err
        assert json.loads(run("login", "show").out)["identity"] == SOMEBODY


def test_a_token_that_no_list_of_processes_shows(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{TOKEN}\n"))

    assert json.loads(run("login", "--token", "-").out)["identity"] == SOMEBODY


def test_data_for_programs(run: Run) -> None:
    def line(*words: str) -> object:
        done = run(*words)
        assert (done.code, done.err) == (0, "")
        return json.loads(done.out) if done.out else None

    assert line("login", "show") == {"identity": None, "server": None}
    assert line("login", "--token", NAMELESS_TOKEN) == {"identity": None, "replaced": None}
    assert line("login", "show", "--token") == {"identity": None, "server": None, "token": NAMELESS_TOKEN}
    assert line("login", "--token", TOKEN) == {"identity": SOMEBODY, "replaced": None}
    assert line("login", "--token", TOKEN) == {"identity": SOMEBODY, "replaced": SOMEBODY}
    assert line("logout") == {"identity": SOMEBODY}
    assert line("logout") is None


@pytest.mark.usefixtures("text")
def test_at_a_server(run: Run, server: RunningServer) -> None:
    first = run("login", "--server-issued-login", server.url)
    assert first.err == f"no server but {server.url} takes this login\n"
    identity = first.out.split()[-1]
    assert first.out == f"Logged in with identity {identity}\n"

    second = run("login", "--server-issued-login", server.url)
    renewed = run("login", "--server-issued-login", server.url, "--renew")

    now = second.out.split()[-1]
    assert f"no token of {identity} is left here" in second.err
    assert second.out == f"Logged out (identity {identity}).\nLogged in with identity {now}\n"
    assert now != identity
    assert renewed.out == f"You are {now} on {server.url}: it takes the identity that you have.\n"
    assert run("login", "show", "--server", server.url).out == f"You are logged in as {now} on {server.url}\n"


def test_a_token_that_a_server_does_not_take_is_renewed(run: Run, server: RunningServer) -> None:
    run("login", "--token", TOKEN)
    refused = run("list", "--server", server.url)
    assert refused.code == 1
    assert f"`stdbpy login --server-issued-login {server.url} --renew`" in refused.err

    done = run("login", "--server-issued-login", server.url, "--renew")

    record = json.loads(done.out)
    assert (record["server"], record["new"]) == (server.url, True)
    assert run("list", "--server", server.url).code == 0
    assert json.loads(run("login", "show").out)["identity"] == SOMEBODY
    assert json.loads(run("login", "show", "--server", server.url).out)["identity"] == record["identity"]


def test_who_has_no_login_becomes_somebody_on_each_server_of_this_machine(
    run: Run, home: Path, server: RunningServer
) -> None:
    first = run("list", "--server", server.url)
    identity = json.loads(run("login", "show").out)["identity"]
    assert first.err.startswith(f"{server.url} made a new identity for you: {identity}\n")
    with RunningServer() as other:
        second = run("list", "--server", other.url)
        assert second.err.startswith(f"{other.url} made a new identity for you: ")
        assert "made" not in run("list", "--server", other.url).err
    assert "made" not in run("list", "--server", server.url).err
    assert json.loads(run("login", "show").out)["identity"] == identity
    config = cli_toml.read(home / ".config/spacetime/cli.toml")
    assert config.token is not None


@pytest.mark.usefixtures("text")
def test_databases_of_a_server_stay_the_users_after_logging_out(run: Run, server: RunningServer) -> None:
    made = run("list", "--server", server.url).err.split("made a new identity for you: ")[1].split()[0]

    done = run("logout")

    assert done.out == f"Logged out (identity {made}).\n"
    assert done.err == f"{server.url} gave you that identity: there you still are who you were\n"
    assert run("login", "show").out == "You are not logged in.\n"
    assert "made a new identity" not in run("list", "--server", server.url).err
    assert run("login", "show", "--server", server.url).out == f"You are logged in as {made} on {server.url}\n"


def test_elsewhere_one_has_to_log_in(run: Run) -> None:
    done = run("list", "--server", "https://stdb.example.invalid")

    assert done.code == 1
    assert "there is no token for https://stdb.example.invalid" in done.err
    assert "stdbpy login" in done.err


@pytest.mark.usefixtures("text")
def test_in_the_browser(run: Run, host: LoginHostStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    monkeypatch.setattr(login_command, "is_interactive", lambda: True)

    done = run("login", "--auth-host", host.url)

    assert done.out == f"Logged in with identity {SOMEBODY}\n"
    assert done.err == f"Opening {host.page}\n"
    assert opened == [host.page]
    assert run("logout", "--auth-host", host.url).out == f"Logged out (identity {SOMEBODY}).\n"
    assert host.paths[-1] == "/auth/cli/logout"


@pytest.mark.parametrize("has_browser", [True, False])
def test_without_a_browser(
    run: Run, host: LoginHostStandIn, monkeypatch: pytest.MonkeyPatch, has_browser: bool
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    monkeypatch.setattr(login_command, "is_interactive", lambda: not has_browser)

    done = run("login", "--auth-host", host.url, *(["--no-browser"] if has_browser else []))

    assert json.loads(done.out) == {"identity": SOMEBODY, "replaced": None}
    assert done.err.endswith(f"Open {host.page} in a browser, and log in there. Ctrl-C gives up.\n")


def test_nobody_waits_for_a_browser_where_nobody_is(run: Run, host: LoginHostStandIn) -> None:
    done = run("login", "--auth-host", host.url)

    assert (done.code, done.out) == (2, "")
    assert "--no-browser" in done.err
    assert host.requests == []


def test_without_the_internet(run: Run, server: RunningServer) -> None:
    with login_host() as gone:
        url = gone.url

    done = run("login", "--auth-host", url, "--no-browser")
    ended = run("login", "--token", TOKEN, "--auth-host", url)

    assert done.code == 1
    assert f"no server answers at {url}" in done.err
    assert "--server-issued-login local" in done.err
    assert ended.code == 0


def test_a_session_that_cannot_be_ended_is_told(run: Run, host: LoginHostStandIn) -> None:
    run("login", "--auth-host", host.url, "--no-browser")
    with login_host() as gone:
        url = gone.url

    done = run("logout", "--auth-host", url)

    assert json.loads(done.out) == {"identity": SOMEBODY}
    assert done.err.startswith(f"the session at {url} may go on: ")


def test_interrupted_while_it_waits(run: Run, host: LoginHostStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    run("login", "--token", TOKEN)

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(login_host_module.LoginHost.wait_for_session, "__kwdefaults__", {"pause": interrupted})
    done = run("login", "--auth-host", host.url, "--no-browser")

    assert (done.code, done.out) == (130, "")
    assert json.loads(run("login", "show").out)["identity"] == SOMEBODY


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--token", "x", "--server-issued-login", "local"], "exclude one another"),
        (["--renew"], "--server-issued-login SERVER --renew"),
    ],
)
def test_wrong_usage(run: Run, words: list[str], message: str) -> None:
    done = run("login", *words)

    assert done.code == 2
    assert message in done.err


def test_a_variable_that_goes_before_the_login_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STDBPY_TOKEN", TOKEN)

    assert run("login", "--token", TOKEN).err == "STDBPY_TOKEN is set: commands go on to use the token in it\n"


def test_tokens_are_not_told_on_the_way(run: Run, host: LoginHostStandIn, home: Path) -> None:
    config = home / "cli.toml"
    config.write_text(f'spacetimedb_token = "{TOKEN}"\nbroken')
    for words in (["login", "show"], ["logout"], ["login", "--token", TOKEN]):
        done = run("--config-path", str(config), *words, "--debug")
        assert done.code == 1
        assert TOKEN not in done.out + done.err
    assert sys.exc_info() == (None, None, None)


@pytest.mark.real
@pytest.mark.parametrize("fixture", ["real_server", "old_real_server"])
def test_at_the_real_servers(run: Run, request: pytest.FixtureRequest, server: RunningServer, fixture: str) -> None:
    real: RealServer = request.getfixturevalue(fixture)
    assert run("server", "ping", real.url).code == 0
    assert json.loads(run("server", "add", "real", "--url", real.url).out)["fingerprint"]
    assert json.loads(run("server", "fingerprint", "real").out)["change"] == "unchanged"

    mine = json.loads(run("login", "--server-issued-login", "real").out)["identity"]
    assert run("list", "--server", "real").code == 0
    assert json.loads(run("login", "--server-issued-login", "real", "--renew").out)["identity"] == mine
    run("login", "--server-issued-login", server.url)  # whose token the real server does not take
    record = json.loads(run("login", "--server-issued-login", "real", "--renew").out)
    assert (record["identity"], record["new"]) == (mine, False)
    run("logout")
    run("login", "--token", server.owner_token)
    refused = run("list", "--server", "real")

    assert refused.code == 1
    assert f"stdbpy login --server-issued-login {real.url} --renew" in refused.err
    assert json.loads(run("login", "--server-issued-login", "real", "--renew").out)["server"] == real.url
    assert run("list", "--server", "real").code == 0
