from __future__ import annotations

from collections.abc import Iterator

import pytest

from stdbpy.api import login_host as login_host_module
from stdbpy.api.login_host import LoginHost, WebLogin
from stdbpy.errors import ApiError, ServerUnreachable, TokenRejected, UnexpectedAnswer
from tests.login_host import REQUEST_TOKEN, SESSION, LoginHostStandIn, login_host

STATUS = "/api/auth/cli/status"


@pytest.fixture
def standin() -> Iterator[LoginHostStandIn]:
    with login_host() as standin:
        yield standin


def test_a_login_from_begin_to_end(standin: LoginHostStandIn) -> None:
    standin.questions_until_approval = 3
    pauses: list[float] = []

    with LoginHost(standin.url + "/") as host:
        login = host.begin()
        session = host.wait_for_session(login, pause=pauses.append)
        token = host.token(session)
        host.end(session)

    assert login == WebLogin(standin.page, REQUEST_TOKEN)
    assert (session, token) == (SESSION, standin.token)
    assert pauses == [1.0] * 3
    assert standin.requests == [
        ("POST", "/api/auth/cli/login/request-token", None),
        *[("GET", STATUS, None)] * 3,
        ("POST", "/api/spacetimedb-token", SESSION),
        ("POST", "/auth/cli/logout", SESSION),
    ]
    assert REQUEST_TOKEN not in repr(WebLogin("page", REQUEST_TOKEN))


def test_nobody_logs_in(standin: LoginHostStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_host_module, "QUESTIONS", 3)
    standin.questions_until_approval = 4

    with LoginHost(standin.url) as host, pytest.raises(ApiError, match=r"nobody logged in at .*/login/cli"):
        host.wait_for_session(host.begin(), pause=lambda _: None)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b'{"success": false, "error": "too late"}', "refused the login: too late"),
        (b'{"success": false}', "refused the login: it does not say why"),
        (b'{"success": true}', "it has no data"),
        (b'{"success": true, "data": {"approved": true}}', "it approves a login and gives no session"),
        (b'{"success": true, "data": {"appr', "did not answer as a login host does"),
        (b"[]", "did not answer as a login host does"),
        (b"\xff", "did not answer as a login host does"),
    ],
)
def test_answers_that_are_none(standin: LoginHostStandIn, answer: bytes, message: str) -> None:
    standin.instead[STATUS] = (200, answer)

    with LoginHost(standin.url) as host, pytest.raises(ApiError, match=message):
        host.session(host.begin())


def test_another_site(standin: LoginHostStandIn) -> None:
    with LoginHost(f"{standin.url}/elsewhere") as host, pytest.raises(UnexpectedAnswer, match="status 404") as caught:
        host.begin()
    assert caught.value.hint == "Is --auth-host the right address?"


def test_a_session_that_is_over(standin: LoginHostStandIn) -> None:
    with LoginHost(standin.url) as host, pytest.raises(TokenRejected, match="does not take the session") as caught:
        host.token("old")
    assert "stdbpy logout" in caught.value.hint
    assert "old" not in str(caught.value)


@pytest.mark.parametrize("session", ["copied\nbadly", "cöpied", ""])
def test_what_can_be_no_session(session: str, standin: LoginHostStandIn) -> None:
    with LoginHost(standin.url) as host, pytest.raises(ApiError, match="characters that no token has") as caught:
        host.token(session)
    assert caught.value.__cause__ is None, "which would show it"


def test_no_host() -> None:
    with login_host() as gone:
        url = gone.url
    with LoginHost(url) as host, pytest.raises(ServerUnreachable, match=f"no server answers at {url}"):
        host.begin()
