"""What goes wrong with servers, each told in one sentence with what to do about it; over real sockets."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from stdbpy.api import ApiClient, AsyncApiClient
from stdbpy.errors import ApiError, Forbidden, NotFound, ServerUnreachable, TokenRejected, UnexpectedAnswer
from tests.api.standin import answering, http

TEXT = "content-type: text/plain; charset=utf-8"
HTML = "content-type: text/html"
CALLER = "spacetime-identity: c2" + "ab" * 31
PAGE = b"<!DOCTYPE html><html><head><title> Welcome\nto nginx!</title></head></html>"


@dataclass(frozen=True)
class Situation:
    """What a server answers, and what is then said; ``{url}`` is its address."""

    answer: bytes
    kind: type[ApiError]
    sentence: str
    hint: str


def refused(status: str, body: str, *headers: str) -> bytes:
    return http(body.encode(), TEXT, *headers, status=status)


SITUATIONS = {
    "TLS answers": Situation(b"\x15\x03\x03\x00\x02\x02\x46", UnexpectedAnswer, "does not speak HTTP", "https://"),
    "TLS answers, in words": Situation(
        http(b"<title>400 The plain HTTP request was sent to HTTPS port</title>", HTML, status="400 Bad Request"),
        UnexpectedAnswer,
        "at {url} speaks TLS",
        "https://",
    ),
    "Go's TLS answers": Situation(
        refused("400 Bad Request", "Client sent an HTTP request to an HTTPS server."),
        UnexpectedAnswer,
        "speaks TLS",
        "https://",
    ),
    "no HTTP": Situation(b"220 mail ESMTP\r\n\r\n", UnexpectedAnswer, "does not speak HTTP", "another program"),
    "nothing": Situation(b"", UnexpectedAnswer, "before its answer was whole", "look whether it runs"),
    "half an answer": Situation(http(b"{", TEXT, length=9), UnexpectedAnswer, "before its answer was whole", "again"),
    "a web page": Situation(http(PAGE, HTML), UnexpectedAnswer, "not what SpacetimeDB gives", "ends with the port"),
    "a web server's 404": Situation(
        http(PAGE, HTML, status="404 Not Found"),
        UnexpectedAnswer,
        "at {url} is no SpacetimeDB: a web page, 'Welcome to nginx!' (status 404)",
        "ends with the port",
    ),
    "a web server that takes no such method": Situation(
        http(b"<html>no</html>", HTML, status="501 Unsupported"),
        UnexpectedAnswer,
        "is no SpacetimeDB: a web page (status 501)",
        "ends with the port",
    ),
    "another service's JSON": Situation(
        http(b'{"status": "fine"}', "content-type: application/json"),
        UnexpectedAnswer,
        "not what SpacetimeDB gives",
        "ends with the port",
    ),
    "no such route": Situation(http(b"", status="404 Not Found"), UnexpectedAnswer, "no such route", "port"),
    "a redirect": Situation(
        http(b"", "location: https://db.example/", status="308 Permanent Redirect"),
        UnexpectedAnswer,
        "sends callers on to https://db.example/",
        "Use that",
    ),
    "another server's token": Situation(
        refused("401 Unauthorized", "Invalid token: InvalidSignature", CALLER),
        TokenRejected,
        "another server made it, or this one was reset since",
        "stdbpy login --server-issued-login {url} --renew",
    ),
    "another server's token, 1.2": Situation(
        refused("401 Unauthorized", "TokenError(Error(InvalidSignature))"),
        TokenRejected,
        "another server made it, or this one was reset since",
        "stdbpy login --server-issued-login {url} --renew",
    ),
    "an old token": Situation(
        refused("401 Unauthorized", "Invalid token: ExpiredSignature"), TokenRejected, "has expired", "stdbpy login"
    ),
    "no token at all": Situation(
        refused("401 Unauthorized", "Invalid token: InvalidToken"), TokenRejected, "damaged", "copied whole"
    ),
    "a token of an issuer out of reach": Situation(
        refused("401 Unauthorized", "Other(Error fetching public key for issuer https://auth.example\n\nStack …)"),
        TokenRejected,
        "does not reach who issued it, https://auth.example",
        "stdbpy login --server-issued-login {url} --renew",
    ),
    "a header that is no token": Situation(
        refused("400 Bad Request", "Authorization is invalid: malformed token"), TokenRejected, "damaged", "copied"
    ),
    "a login is needed": Situation(
        refused("401 Unauthorized", "Authorization required"), TokenRejected, "none was given", "stdbpy login"
    ),
    "a proxy's login page": Situation(
        http(PAGE, HTML, status="401 Unauthorized"), TokenRejected, "a web page, 'Welcome to nginx!'", "stdbpy login"
    ),
    "somebody else's": Situation(
        refused("403 Forbidden", "c2 is not authorized to perform action", CALLER),
        Forbidden,
        "does not allow it: c2 is not authorized",
        "Use the token of the database's owner",
    ),
    "somebody else's, 1.2": Situation(
        refused("500 Oops", "Permission denied: `c2` does not own database `c3`", CALLER),
        Forbidden,
        "does not own",
        "owner",
    ),
    "no energy": Situation(
        refused("402 Payment Required", "Module energy budget exhausted."), ApiError, "has no energy left", "owner"
    ),
    "a conflict": Situation(refused("409 Conflict", "changed"), ApiError, "something else was faster", "try again"),
    "too large": Situation(refused("413 Too Large", "limit"), ApiError, "no request this large", "smaller parts"),
    "too many": Situation(refused("429 Slow Down", "slow"), ApiError, "no more requests for now", "Wait a little"),
    "a bug in a procedure": Situation(
        refused("500 Internal Server Error", "The module instance encountered a fatal error: KeyError: 'a'"),
        ApiError,
        "The module instance encountered a fatal error: KeyError: 'a'",
        "",
    ),
    "a bug in a procedure in WebAssembly": Situation(
        refused(
            "500 Internal Server Error",
            "The module instance encountered a fatal error: error while executing at wasm backtrace:\n    0: 0x8ccd",
        ),
        ApiError,
        "The module instance encountered a fatal error",
        "",
    ),
    "a failure": Situation(refused("500 Oops", "on fire"), ApiError, "the server failed: on fire", "log may say more"),
    "a gateway without a server": Situation(
        http(PAGE, HTML, status="502 Bad Gateway"), ApiError, "in front of the server got no answer", "Does the server"
    ),
    "busy": Situation(refused("503 Unavailable", "Logs are not available"), ApiError, "at this moment: Logs", "again"),
    "a gateway that waited": Situation(
        refused("504 Gateway Timeout", ""), ApiError, "got no answer from it: status 504", "Does the server run?"
    ),
}


def use_sync(url: str, method: str, *arguments: Any) -> Any:
    with ApiClient(url, "token") as client:
        return getattr(client, method)(*arguments)


def use_async(url: str, method: str, *arguments: Any) -> Any:
    async def use() -> Any:
        async with AsyncApiClient(url, "token") as client:
            return await getattr(client, method)(*arguments)

    return asyncio.run(use())


@pytest.fixture(params=[use_sync, use_async], ids=["sync", "async"])
def use(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("case", SITUATIONS.values(), ids=SITUATIONS.keys())
def test_what_is_said(use: Any, case: Situation):
    # What only asks is asked again when the connection breaks.
    with answering(case.answer, case.answer) as standin, pytest.raises(ApiError) as caught:
        use(standin.url, "info", "chat")
    error = caught.value
    assert type(error) is case.kind
    assert case.sentence.format(url=standin.url) in error.message
    assert "\n" not in error.message
    assert "backtrace" not in error.message
    assert case.hint.format(url=standin.url) in error.hint


def test_nobody_listens(use: Any):
    with answering() as standin:
        url = standin.url
    with pytest.raises(ServerUnreachable, match="no server answers") as caught:
        use(url, "health")
    assert f"stdbpy start --listen-addr {url.removeprefix('http://')}" in caught.value.hint


def test_a_host_that_is_not_there(use: Any, monkeypatch: pytest.MonkeyPatch):
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", unknown)
    with pytest.raises(ServerUnreachable, match=r"no host is known by the name 'db\.invalid'") as caught:
        use("http://db.invalid:3000", "health")
    assert "stdbpy start" not in caught.value.hint


def test_a_proxy_is_named_where_there_is_one(use: Any, monkeypatch: pytest.MonkeyPatch):
    with answering() as standin:
        monkeypatch.setenv("http_proxy", standin.url)
    with pytest.raises(ServerUnreachable) as caught:
        use("http://db.invalid:3000", "health")
    assert "HTTP_PROXY" in caught.value.hint


def test_a_database_of_nearly_that_name(use: Any):
    answers = (
        refused("404 Not Found", "`caht` not found", CALLER, "connection: close"),
        http(b'{"identities": ["%s"]}' % (b"c2" * 32), "connection: close"),
        http(b'{"names": ["chat"]}', "connection: close"),
    )
    with answering(*answers) as standin, pytest.raises(NotFound, match="no database 'caht'") as caught:
        use(standin.url, "lock", "caht")
    assert caught.value.hint == "Did you mean 'chat'?"


def test_a_name_whose_database_is_gone(use: Any):
    answers = (
        refused("404 Not Found", "No such database.", CALLER, "connection: close"),
        http(b'{"identities": []}', "connection: close"),
    )
    with (
        answering(*answers) as standin,
        pytest.raises(NotFound, match="No such database: 'chat' was deleted") as caught,
    ):
        use(standin.url, "schema_json", "chat")
    assert caught.value.hint


@contextmanager
def interrupted_after_a_request(standin: Any):
    """Ctrl-C as soon as the server has been asked something."""
    ended = threading.Event()

    def watch() -> None:
        while not standin.requests and not ended.wait(0.001):
            pass
        # One that comes just before the main thread starts to wait is noticed by nobody until the next.
        os.kill(os.getpid(), signal.SIGINT)
        while not ended.wait(5):
            os.kill(os.getpid(), signal.SIGINT)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


@pytest.mark.parametrize("method", ["call", "sql", "publish", "pre_publish", "schema_json"])
def test_ctrl_c_ends_what_a_server_never_answers(use: Any, method: str):
    arguments = {"call": ("chat", "add"), "sql": ("chat", "SELECT 1"), "schema_json": ("chat",)}
    with (
        answering(b"", hang_up="never") as standin,
        pytest.raises(KeyboardInterrupt),
        interrupted_after_a_request(standin),
    ):
        use(standin.url, method, *arguments.get(method, (b"\0asm", "chat")))


class TestPatience:
    """What a client waits for: connections for a little, answers to questions for longer, work for ever."""

    def limits(self, method: str, *arguments: Any, timeout: float | None = None) -> dict[str, float | None]:
        seen: list[dict[str, float | None]] = []
        with answering(http(b"", status="500 Oops")) as standin, ApiClient(standin.url, timeout=timeout) as client:
            client._http.event_hooks["request"].append(lambda request: seen.append(request.extensions["timeout"]))
            with pytest.raises(ApiError):
                getattr(client, method)(*arguments)
        return seen[0]

    @pytest.mark.parametrize(
        ("method", "arguments"),
        [("call", ("chat", "add")), ("sql", ("chat", "SELECT 1")), ("publish", (b"", "chat")), ("delete", ("chat",))],
    )
    def test_work(self, method: str, arguments: tuple[Any, ...]):
        limits = self.limits(method, *arguments)
        assert limits["read"] is None
        assert limits["connect"] is not None
        assert limits["connect"] <= 10
        assert self.limits(method, *arguments, timeout=2)["read"] == 2

    def test_questions(self):
        assert self.limits("info", "chat")["read"] == 60
        assert self.limits("info", "chat", timeout=100) == {"connect": 10, "read": 100, "write": 100, "pool": 100}
        assert self.limits("info", "chat", timeout=1)["connect"] == 1
