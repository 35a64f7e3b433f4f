"""HTTP requests of procedures: what is sent and answered, what is refused, and how long it may take."""

from __future__ import annotations

import socket
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from time import perf_counter

import pytest

from stdbpy.engine.figures import RequestCounts
from stdbpy.engine.procedures import checked_transport, http_requests
from stdbpy.engine.procedures.http_requests import HttpRequests
from stdbpy.errors import HttpFailed
from stdbpy.sats.values import TimeDuration
from stdbpy.schema.http import HttpRequestHead, HttpResponseHead
from tests.engine.procedures.site import Said, site

PATIENCE = 60


@pytest.fixture
def http():
    return HttpRequests(allow_loopback=True)


def get(http: HttpRequests, url: str, **rest) -> tuple[HttpResponseHead, bytes]:
    return http.send(HttpRequestHead("GET", url, **rest), b"")


def why_not(http: HttpRequests, url: str, **rest) -> str:
    with pytest.raises(HttpFailed) as failed:
        get(http, url, **rest)
    assert failed.value.code == 21
    return failed.value.message


def test_what_is_sent_and_what_is_answered(http):
    with site(lambda _: Said(b"\x1f\x8b", 207, {"X-Answer": "1", "content-encoding": "gzip"})) as here:
        request = HttpRequestHead("PUT", f"{here.url}/a%20b?c=d#e", (("X-Mine", b"\xff"), ("x-mine", b"2")))
        head, body = http.send(request, b"hello")
    [heard] = here.heard
    assert (heard.method, heard.path, heard.body) == ("PUT", "/a%20b?c=d", b"hello")
    headers = [(name.lower(), value) for name, value in heard.headers]
    assert sorted(headers) == [
        ("accept", "*/*"),
        ("content-length", "5"),
        ("host", f"127.0.0.1:{here.port}"),
        ("x-mine", "2"),
        ("x-mine", "ÿ"),
    ]
    assert (head.status, head.version, body) == (207, "1.1", b"\x1f\x8b"), "nothing is unpacked"
    assert ("x-answer", b"1") in head.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PURGE", "get"])
def test_methods(http, method):
    with site(lambda _: Said()) as here:
        assert http.send(HttpRequestHead(method, here.url), b"")[0].status == 200
    assert here.heard[0].method == method


def test_letters_that_are_not_ascii(http):
    """SpacetimeDB takes them, too, though its library for Rust does not."""
    with site(lambda _: Said()) as here:
        get(http, f"{here.url}/é?ö=\x7f")
    assert here.heard[0].path == "/%C3%A9?%C3%B6=%7F"


def test_redirects_are_followed(http):
    steps = {"/1": "/2", "/2": "http://localhost:{port}/3"}

    def answer(path: str) -> Said:
        if path in steps:
            return Said(status=302, headers={"location": steps[path].format(port=here.port)})
        return Said(b"there")

    with site(answer) as here:
        assert get(http, f"{here.url}/1")[1] == b"there"
    assert [heard.path for heard in here.heard] == ["/1", "/2", "/3"]
    assert ("host", f"localhost:{here.port}") in [(name.lower(), value) for name, value in here.heard[2].headers]


def test_redirects_come_to_an_end(http):
    with site(lambda _: Said(status=302, headers={"location": "/again"})) as here:
        assert "redirects" in why_not(http, here.url)
    assert len(here.heard) == http_requests.MOST_REDIRECTS + 1


def test_redirects_to_refused_addresses(http):
    with site(lambda _: Said(status=302, headers={"location": "http://10.0.0.1/secret?key=1"})) as here:
        why = why_not(http, f"{here.url}/?token=1")
    assert why == f"error following redirect for url ({here.url}/): {checked_transport.REFUSED_ADDRESS}"


def test_the_address_that_was_looked_at_is_the_one_that_is_called(monkeypatch):
    """A name whose address changes between two looks must not lead into the private network."""
    looks = iter(["93.184.216.34", "127.0.0.1"])

    def look_up(host, *_args, **_kwargs):
        if host == "rebinding.example":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(looks), 0))]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 0))]

    called = []

    def connect(address, *_args, **_kwargs):
        called.append(address)
        raise ConnectionRefusedError(111, "refused for the test")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    why_not(HttpRequests(allow_loopback=False), "http://rebinding.example:8080/")
    assert called == [("93.184.216.34", 8080)]


def test_names_with_some_allowed_addresses(monkeypatch):
    def look_up(*_args, **_kwargs):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))
            for address in ("10.0.0.1", "93.184.216.34", "93.184.216.35")
        ]

    called = []

    def connect(address, *_args, **_kwargs):
        called.append(address[0])
        raise ConnectionRefusedError(111, "refused for the test")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    why_not(HttpRequests(allow_loopback=True), "http://several.example/")
    assert called == ["93.184.216.34", "93.184.216.35"]


def test_names_of_other_languages_are_looked_up_as_they_are_spelled(http, monkeypatch):
    asked = []

    def look_up(host, *_args, **_kwargs):
        asked.append(host)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    # That is faß.example, which Python takes for fass.example.
    assert "dns error: Name or service not known" in why_not(http, "http://xn--fa-hia.example/")
    assert asked == ["xn--fa-hia.example"]


def test_names_that_are_spelled_as_none_is(http):
    assert why_not(http, "http://xn--a/").startswith("builder error: ")
    with site(lambda _: Said(status=302, headers={"location": "http://xn--a/"})) as here:
        assert get(http, here.url)[0].status == 302


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]"])
def test_this_machine_is_refused_unless_it_is_allowed(host):
    with site(lambda _: Said()) as here, pytest.raises(HttpFailed) as failed:
        get(HttpRequests(allow_loopback=False), f"http://{host}:{here.port}/")
    assert checked_transport.REFUSED_ADDRESS in failed.value.message
    assert "--allow-loopback-http" in failed.value.message
    assert here.heard == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nonsense", "builder error: relative URL without a base"),
        ("http://", "builder error: relative URL without a base"),
        ("file:///etc/passwd", "builder error: relative URL without a base"),
        ("ftp://example.com/?a", "builder error for url (ftp://example.com/): URL scheme is not allowed"),
        ("http://a b/", "invalid uri character"),
        ("http://localhost:65536/", "builder error: invalid port number"),
    ],
)
def test_what_is_no_url(http, url, why):
    assert why_not(http, url) == why


def test_secrets_are_not_told(http):
    secret = "s3cret"
    for url in (
        f"http://127.0.0.1:1/?key={secret}",
        f"http://me:{secret}@127.0.0.1:1/",
        f"http://127.0.0.1:1/#{secret}",
    ):
        assert secret not in why_not(http, url)
    with site(lambda _: Said()) as here:
        why = why_not(http, here.url, headers=(("authorization", f"{secret}\n".encode()),))
        assert secret not in why
        assert here.heard == []


def test_answers_that_come_too_late(http):
    late = Event()
    with site(lambda _: Said(b"late", until=late)) as here:
        assert why_not(http, here.url, timeout=TimeDuration(50_000)).endswith("operation timed out")
        late.set()


def test_a_timeout_is_for_all_of_the_answer(http):
    """Bytes that drip in do not prolong it."""
    never = Event()
    with site(lambda _: Said(b"x" * 1000, between=never)) as here:
        began = perf_counter()
        assert why_not(http, here.url, timeout=TimeDuration(200_000)).endswith("operation timed out")
        assert perf_counter() - began < 15
        never.set()


def test_no_time_at_all(http):
    with site(lambda _: Said(until=Event())) as here:
        assert "timed out" in why_not(http, here.url, timeout=TimeDuration(0))


@pytest.mark.difference("bodies of answers that a procedure fetches")
def test_bodies_that_are_too_large(http, monkeypatch):
    monkeypatch.setattr(http_requests, "LARGEST_BODY", 9)
    with site(lambda _: Said(b"0123456789")) as here:
        assert "more than 9 bytes" in why_not(http, here.url)


def test_bodies_that_are_cut_off(http):
    with site(lambda _: Said(b"short", headers={"Content-Length": "50", "Connection": "close"})) as here:
        assert why_not(http, here.url).startswith(f"error sending request for url ({here.url}")


def test_closing_ends_what_is_on_its_way():
    http, never = HttpRequests(allow_loopback=True), Event()
    with site(lambda _: Said(until=never)) as here, ThreadPoolExecutor(1) as threads:
        waiting: Future[str] = threads.submit(why_not, http, here.url)
        assert here.asked.wait(PATIENCE)
        http.close()
        assert waiting.result(PATIENCE).endswith("the database was closed")
        never.set()
    assert why_not(http, here.url) == "the database was closed"


def test_requests_are_counted():
    counts = RequestCounts()
    http, late = HttpRequests(allow_loopback=True, counts=counts), Event()
    with site(lambda path: Said(b"hello", until=late if path == "/late" else None)) as here:
        head, _ = http.send(HttpRequestHead("POST", f"{here.url}/", (("a", b"bc"),)), b"1234")
        sent = len(here.url) + 1 + 3 + 4
        received = sum(len(name) + len(value) for name, value in head.headers) + 5
        assert (counts.begun, counts.sent_bytes, counts.received_bytes) == (1, sent, received)
        why_not(http, f"{here.url}/late", timeout=TimeDuration(20_000))
        why_not(http, "http://10.0.0.1/")
        late.set()
    assert (counts.begun, counts.failed, counts.timed_out, counts.in_progress) == (3, 1, 1, 0)
