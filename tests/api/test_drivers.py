"""Both drivers over real sockets: what goes wrong on the way becomes an error with a hint."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from collections.abc import Callable
from typing import Any, TypeVar

import httpx
import pytest

from stdbpy.api import ApiClient, AsyncApiClient
from stdbpy.api.exchange import Request
from stdbpy.api.transport import Repetition
from stdbpy.errors import ApiError, NotFound, ServerUnreachable, UnexpectedAnswer
from tests.api.standin import answering, http

T = TypeVar("T")

HEALTH = json.dumps({"version": "2.8.3"}).encode()
JSON = "content-type: application/json"
TOKEN = "eyJ0.c2VjcmV0.abc"

LINES = b"".join(
    json.dumps({"level": "Info", "ts": number, "message": f"line {number} ü", "target": None}).encode() + b"\n"
    for number in range(3)
)

Use = Callable[[str, str], Any]
"""Makes a client for a URL, calls its method of that name, and gives what that gives."""


def use_sync(url: str, method: str, *arguments: Any, timeout: float = 10, token: str | None = None) -> Any:
    with ApiClient(url, token, timeout=timeout) as client:
        if method == "logs":
            return list(client.logs(*arguments))
        return getattr(client, method)(*arguments)


def use_async(url: str, method: str, *arguments: Any, timeout: float = 10, token: str | None = None) -> Any:
    async def use() -> Any:
        async with AsyncApiClient(url, token, timeout=timeout) as client:
            if method == "logs":
                return [record async for record in client.logs(*arguments)]
            return await getattr(client, method)(*arguments)

    return asyncio.run(use())


@pytest.fixture(params=[use_sync, use_async], ids=["sync", "async"])
def use(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_both_clients_have_the_same_methods():
    def signatures(client: type) -> dict[str, str]:
        public = {name: value for name, value in vars(client).items() if not name.startswith("_") and callable(value)}
        return {
            name: str(inspect.signature(value)).replace("AsyncIterator", "Iterator") for name, value in public.items()
        }

    assert signatures(ApiClient) == signatures(AsyncApiClient)


def test_an_answer(use: Any):
    with answering(http(HEALTH, JSON)) as standin:
        assert use(standin.url + "/", "health").version == "2.8.3"
    assert standin.requests[0].startswith(b"GET /v1/health HTTP/1.1\r\n")


def test_the_token_goes_into_a_header_alone(use: Any):
    with answering(http(b"")) as standin:
        use(standin.url, "ping", token=TOKEN)
    head, _, rest = standin.requests[0].partition(b"\r\n")
    assert TOKEN.encode() not in head
    assert f": Bearer {TOKEN}\r\n".encode() in rest


def test_tokens_in_addresses_are_in_no_log(caplog: pytest.LogCaptureFixture):
    """The login host wants one there."""
    caplog.set_level(logging.INFO)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, request=request)

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        http.get("https://example.org/status", params={"token": "c2VjcmV0", "as": "json"})

    assert "token=…&as=json" in caplog.text
    assert "c2VjcmV0" not in caplog.text


@pytest.mark.parametrize("status", ["200 OK", "401 Unauthorized", "500 Oops"])
def test_tokens_are_in_no_log_and_no_error(use: Any, status: str, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    answer = http(b"{}", f"spacetime-identity-token: {TOKEN}", "spacetime-identity: abc", status=status)
    shown = ""
    with answering(answer) as standin:
        try:
            use(standin.url, "ping", token=TOKEN)
        except ApiError as error:
            shown = f"{error!r} {error} {error.hint} {error.body}"
    assert "c2VjcmV0" not in shown + caplog.text


def test_a_client_does_not_show_its_token():
    with ApiClient("http://127.0.0.1:1", TOKEN) as client:
        assert "c2VjcmV0" not in repr(client)


@pytest.mark.parametrize("token", ["", "with space", "line\nbreak", "ünicode"])
def test_what_is_no_token_is_refused_without_showing_it(token: str):
    with pytest.raises(ApiError) as caught:
        ApiClient("http://127.0.0.1:1", token)
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["foo", "ftp://x", "http://", "http://u:secret@h", "http://h:99999", "http://h:0", "http://h/?a", "http://[::1"],
)
def test_what_is_no_address(url: str):
    with pytest.raises(ApiError) as caught:
        ApiClient(url)
    assert "http://127.0.0.1:3000" in caught.value.hint
    assert "secret" not in str(caught.value)


def test_nobody_there(use: Any):
    with answering() as standin:
        url = standin.url
    with pytest.raises(ServerUnreachable) as caught:
        use(url, "ping")
    assert url in caught.value.message
    assert "stdbpy start" in caught.value.hint


def test_tls_spoken_to_a_plain_server(use: Any):
    with answering(http(b"", status="400 Bad Request")) as standin, pytest.raises(ServerUnreachable) as caught:
        use(standin.url.replace("http:", "https:"), "ping")
    assert "http://" in caught.value.hint


def test_no_http_at_all(use: Any):
    with answering(*[b"SSH-2.0-OpenSSH_9.2\r\n"] * 2) as standin, pytest.raises(UnexpectedAnswer):
        use(standin.url, "ping")


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\ncontent-le", http(HEALTH[:5], length=500), http(b"x", "transfer-encoding: gzip")],
)
def test_connections_that_end_too_early(use: Any, answer: bytes):
    with answering(answer, answer) as standin, pytest.raises(UnexpectedAnswer) as caught:
        use(standin.url, "health")
    assert caught.value.hint
    assert len(standin.requests) == 2


def test_a_call_is_not_sent_again_when_it_may_have_been_done(use: Any):
    with answering(b"", b"") as standin, pytest.raises(UnexpectedAnswer):
        use(standin.url, "call", "chat", "set_name", ["Ada"])
    assert len(standin.requests) == 1


def test_a_server_that_hangs_up_after_a_refusal():
    refusal = http(b"no", "spacetime-identity: " + "c2" * 32, status="400 Bad Request")
    with answering(refusal, http(b""), hang_up="at the next request") as standin, ApiClient(standin.url) as client:
        with pytest.raises(ApiError):
            client.call("chat", "set_name", [1])
        client.call("chat", "set_name", ["Ada"])
    assert len(standin.requests) == 2


@pytest.mark.parametrize(("status", "again"), [(401, True), (400, True), (530, False), (200, False)])
def test_a_call_is_sent_again_only_if_the_refusal_before_may_have_left_its_body_unread(status: int, again: bool):
    call = Request("POST", "/v1/database/chat/call/set_name", body=b"[]")
    repetition = Repetition()
    repetition.note(call, status)
    assert repetition.is_due(call, httpx.ReadError("broke")) is again


def test_a_body_that_is_not_compressed_as_it_says(use: Any):
    with answering(http(b"plain", "content-encoding: gzip")) as standin, pytest.raises(UnexpectedAnswer):
        use(standin.url, "health")


def test_a_server_that_never_answers(use: Any):
    with answering(b"", hang_up="never") as standin, pytest.raises(ServerUnreachable, match=r"within 0\.2 seconds"):
        use(standin.url, "ping", timeout=0.2)


def test_redirects_are_told_not_followed(use: Any):
    answer = http(b"", "location: http://127.0.0.1:1/", status="307 Moved")
    with answering(answer) as standin, pytest.raises(UnexpectedAnswer, match="sends callers on to"):
        use(standin.url, "ping", token=TOKEN)
    assert len(standin.requests) == 1


def test_a_login_page_instead_of_an_api(use: Any):
    answer = http(b"<html>Log in</html>", "content-type: text/html")
    with answering(answer) as standin, pytest.raises(UnexpectedAnswer) as caught:
        use(standin.url, "health")
    assert "SpacetimeDB" in caught.value.hint


def test_several_requests_of_one_operation(use: Any):
    answers = (
        http(b"`caht` not found", "spacetime-identity: " + "c2" * 32, "connection: close", status="404 Not Found"),
        http(json.dumps({"identities": ["c2" * 32]}).encode(), JSON, "connection: close"),
        http(json.dumps({"names": ["chat"]}).encode(), JSON),
    )
    with answering(*answers) as standin, pytest.raises(NotFound) as caught:
        use(standin.url, "info", "caht")
    assert "'chat'" in caught.value.hint
    assert len(standin.requests) == 3


class TestLogs:
    def test_records(self, use: Any):
        with answering(http(LINES)) as standin:
            records = use(standin.url, "logs", "chat", 3)
        assert [(record.level, int(record.time), record.message) for record in records] == [
            ("Info", number, f"line {number} ü") for number in range(3)
        ]
        assert standin.requests[0].startswith(b"GET /v1/database/chat/logs?num_lines=3 HTTP/1.1")

    def test_chunks_may_end_anywhere(self, use: Any):
        chunks = b"".join(b"%x\r\n%b\r\n" % (1, LINES[at : at + 1]) for at in range(len(LINES)))
        answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
        with answering(answer) as standin:
            assert len(use(standin.url, "logs", "chat")) == 3

    def test_a_log_cut_off_in_the_middle(self, use: Any):
        with answering(http(LINES[:-5], length=len(LINES))) as standin, pytest.raises(UnexpectedAnswer):
            use(standin.url, "logs", "chat")

    def test_a_last_line_without_an_end(self, use: Any):
        with answering(http(LINES.rstrip())) as standin:
            assert len(use(standin.url, "logs", "chat")) == 3

    @pytest.mark.parametrize("line", [b"hello", b"[]", b'{"level": "Info"}', b'{"level":"Info","ts":"x","message":""}'])
    def test_lines_that_are_no_records(self, use: Any, line: bytes):
        with answering(http(line + b"\n")) as standin, pytest.raises(UnexpectedAnswer, match="no log record"):
            use(standin.url, "logs", "chat")

    def test_a_database_that_is_not_there(self, use: Any):
        answers = (
            http(b"`caht` not found", "spacetime-identity: " + "c2" * 32, "connection: close", status="404 Not Found"),
            http(json.dumps({"identities": []}).encode(), JSON),
        )
        with answering(*answers) as standin, pytest.raises(NotFound, match="no database 'caht'"):
            use(standin.url, "logs", "caht")

    def test_following_ends_when_the_reader_stops(self):
        answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(LINES), LINES)
        with answering(answer, hang_up="never") as standin, ApiClient(standin.url, timeout=0.2) as client:
            records = client.logs("chat", follow=True)
            assert next(records).message == "line 0 ü"
            records.close()
        assert b"follow=true" in standin.requests[0]

    def test_following_can_be_cancelled(self):
        answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(LINES), LINES)

        async def follow(url: str) -> int:
            seen = 0
            async with AsyncApiClient(url, timeout=0.1) as client:
                try:
                    async with asyncio.timeout(0.5):
                        async for _ in client.logs("chat", follow=True):
                            seen += 1
                except TimeoutError:
                    return seen
            raise AssertionError("the log ended by itself")

        with answering(answer, hang_up="never") as standin:
            assert asyncio.run(follow(standin.url)) == 3
