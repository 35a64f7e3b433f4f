"""Requests to every route of a server, good and bad, for answers to be compared.

``{chat}`` stands for a database's name, ``{chat_identity}`` for its identity, ``{me}`` and ``{stranger}`` for
those of its owner and of somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

OWNER, STRANGER, NOBODY = "owner", "stranger", "nobody"
JSON = {"content-type": "application/json"}
TEXT = {"content-type": "text/plain"}

NO_IDENTITY = "c2" + "00" * 31
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")

ROUTES = (
    "/v1/ping",
    "/v1/health",
    "/v1/metrics",
    "/v1/prometheus/sd_config",
    "/v1/identity",
    "/v1/identity/public-key",
    "/v1/identity/websocket-token",
    "/v1/identity/{me}/verify",
    "/v1/identity/{me}/databases",
    "/v1/energy/{me}",
    "/v1/database",
    "/v1/database/{chat}",
    "/v1/database/{chat}/names",
    "/v1/database/{chat}/identity",
    "/v1/database/{chat}/subscribe",
    "/v1/database/{chat}/call/set_name",
    "/v1/database/{chat}/schema",
    "/v1/database/{chat}/logs",
    "/v1/database/{chat}/sql",
    "/v1/database/{chat}/pre_publish",
    "/v1/database/{chat}/reset",
    "/v1/database/{chat}/lock",
    "/v1/database/{chat}/unlock",
    "/v1/database/{chat}/unstable/timestamp",
)


@dataclass(frozen=True)
class AskedFor:
    method: str
    path: str
    caller: str = OWNER
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __str__(self) -> str:
        more = "".join(f" {name}:{value[:30]}" for name, value in self.headers.items())
        body = f" {self.body[:30]!r}" if self.body else ""
        return f"{self.method} {self.path}{more} by {self.caller}{body}"


def every_method() -> Iterator[AskedFor]:
    """Of every route, but those that change something for good: without a body they do not."""
    for path in ROUTES:
        for method in METHODS:
            if (method, path) not in {("DELETE", "/v1/database/{chat}"), ("PUT", "/v1/database/{chat}/reset")}:
                yield AskedFor(method, path)


def identities() -> Iterator[AskedFor]:
    for identity in ("{stranger}", NO_IDENTITY, "abc", "0x{me}", "{me}00", "G" * 64, "%00", "{me}%20", "%C3%BC"):
        for last in ("verify", "databases"):
            yield AskedFor("GET", f"/v1/identity/{identity}/{last}")
        yield AskedFor("GET", f"/v1/energy/{identity}")
    for caller in (OWNER, STRANGER, NOBODY):
        yield AskedFor("GET", "/v1/identity/{me}/verify", caller)
        yield AskedFor("POST", "/v1/identity/websocket-token", caller)
        yield AskedFor("GET", "/v1/identity/{stranger}/databases", caller)
    for query in ("", "?amount=", "?amount=5", "?amount=-5", "?amount=x", f"?amount={2**128}", "?amount=1&amount=2"):
        for caller in (OWNER, NOBODY):
            yield AskedFor("POST", "/v1/energy/{me}" + query, caller)
    for query in ("", "?balance=5", "?balance=x"):
        for caller in (OWNER, NOBODY):
            yield AskedFor("PUT", "/v1/energy/{me}" + query, caller)
    yield AskedFor("DELETE", "/v1/energy/{me}")


def credentials() -> Iterator[AskedFor]:
    paths = ("/v1/ping", "/v1/health", "/v1/metrics", "/v1/identity/public-key", "/v1/database/{chat}", "/v1/nothing")
    values = ("Bearer", "Bearer x", "Bearer a.b.c", "bearer  a.b.c", "Basic eDp5", "", "x", "Bearer a b")
    for path in paths:
        for value in values:
            yield AskedFor("GET", path, NOBODY, {"authorization": value})
        for query in ("?token=", "?token=x", "?token=a.b.c", "?token=x&token=y"):
            yield AskedFor("GET", path + query, NOBODY)
        yield AskedFor("GET", path + "?token=x", OWNER)
    for method in ("POST", "PUT"):
        yield AskedFor(method, "/v1/database/{chat}/names", NOBODY, {"authorization": "Bearer x"}, b"other")
    yield AskedFor("POST", "/v1/identity/websocket-token", NOBODY, {"authorization": "Bearer x"})
    yield AskedFor("OPTIONS", "/v1/database/{chat}", NOBODY, {"authorization": "Bearer x"})
    yield AskedFor("PATCH", "/v1/database/{chat}", NOBODY, {"authorization": "Bearer x"})


def databases() -> Iterator[AskedFor]:
    unknown = ("none-here", NO_IDENTITY, "a_b", "-", "A", "a%20b", "%ff", "a" * 300, "1", "x.y")
    below = ("", "/names", "/identity", "/schema?version=9", "/logs", "/unstable/timestamp", "/subscribe")
    for database in unknown:
        for rest in below:
            yield AskedFor("GET", f"/v1/database/{database}{rest}")
        for rest in ("/call/set_name", "/sql", "/lock", "/pre_publish", "/names"):
            yield AskedFor("POST", f"/v1/database/{database}{rest}", headers=JSON, body=b"[]")
        yield AskedFor("DELETE", f"/v1/database/{database}", STRANGER)
        yield AskedFor("PUT", f"/v1/database/{database}/reset", STRANGER)
    for name in ("{chat}", "{chat_identity}", "0x{chat_identity}"):
        for rest in below:
            for caller in (OWNER, STRANGER, NOBODY):
                yield AskedFor("GET", f"/v1/database/{name}{rest}", caller)
    for caller in (STRANGER, NOBODY):
        yield AskedFor("DELETE", "/v1/database/{chat}", caller)
        yield AskedFor("POST", "/v1/database/{chat}/lock", caller)
        yield AskedFor("POST", "/v1/database/{chat}/unlock", caller)
        yield AskedFor("PUT", "/v1/database/{chat}/reset", caller)
        yield AskedFor("PUT", "/v1/database/{chat}", caller, body=b"no program")
        yield AskedFor("POST", "/v1/database/{chat}/pre_publish", caller, body=b"no program")
        yield AskedFor("PUT", "/v1/database/{chat}/names", caller, JSON, b'["new-name"]')
    for version in ("", "?version=", "?version=8", "?version=9", "?version=10", "?version=11", "?version=9&version=10"):
        yield AskedFor("GET", "/v1/database/{chat}/schema" + version)


def publishing() -> Iterator[AskedFor]:
    for query in (
        "",
        "?clear=true",
        "?clear=1",
        "?policy=BreakClients",
        "?policy=x",
        "?policy=Compatible",
        "?token=0x12",
        "?host_type=Js",
        "?host_type=x",
        "?num_replicas=0",
        "?num_replicas=300",
        "?num_replicas=x",
        "?parent=none-here",
        "?organization=none-here",
        "?org=x&organization=x",
        "?update_confirmation_timeout=5s",
        "?update_confirmation_timeout=x",
        "?nothing=1",
    ):
        yield AskedFor("POST", "/v1/database" + query, body=b"no program")
        yield AskedFor("PUT", "/v1/database/new-database" + query, STRANGER, body=b"no program")
        yield AskedFor("PUT", "/v1/database/{chat}" + query, STRANGER, body=b"no program")
    for query in ("", "?style=NoColor", "?style=x", "?host_type=x"):
        yield AskedFor("POST", "/v1/database/{chat}/pre_publish" + query, body=b"no program")


def names() -> Iterator[AskedFor]:
    for body in (
        b"",
        b"[]",
        b"{}",
        b"[1]",
        b'["a b"]',
        b'["-"]',
        b'["{chat}"]',
        b'"x"',
        b"null",
        b"\xff",
        b'["x"',
        b"[[]]",
    ):
        yield AskedFor("PUT", "/v1/database/{chat}/names", STRANGER, JSON, body)
        yield AskedFor("PUT", "/v1/database/{chat}/names", STRANGER, TEXT, body)
    for body in (b"", b"a b", b"\xff", b"-", NO_IDENTITY.encode()):
        yield AskedFor("POST", "/v1/database/{chat}/names", OWNER, body=body)


def calls() -> Iterator[AskedFor]:
    call = "/v1/database/{chat}/call/"
    for kind in (
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "text/plain",
        "",
        "json",
        "*/*",
    ):
        yield AskedFor("POST", call + "set_name", headers={"content-type": kind}, body=b'["Ada"]')
    yield AskedFor("POST", call + "set_name", body=b'["Ada"]')
    for body in (
        b"",
        b"[",
        b"[]",
        b"[1]",
        b"\xff",
        b"null",
        b"{}",
        b'{"name":"x"}',
        b'["x","y"]',
        b'[""]',
        b"[" * 5000,
    ):
        yield AskedFor("POST", call + "set_name", headers=JSON, body=body)
    for function in ("none", "set_name%20", "identity_connected", "init", "SET_NAME", "%ff", "a" * 300, "%C3%BC"):
        for caller in (OWNER, STRANGER):
            yield AskedFor("POST", call + function, caller, JSON, b"[]")


def sql() -> Iterator[AskedFor]:
    statements = (
        b"",
        b";",
        b"select * from message",
        b"select * from message;",
        b"select * from message; select * from message",
        b"select * from none",
        b"selec",
        b"\xff",
        b"delete from message",
    )
    for statement in statements:
        for caller in (OWNER, STRANGER):
            yield AskedFor("POST", "/v1/database/{chat}/sql", caller, body=statement)
    for query in ("?confirmed=true", "?confirmed=false", "?confirmed=1", "?confirmed=", "?confirmed", "?nothing=1"):
        yield AskedFor("POST", "/v1/database/{chat}/sql" + query, body=b"select * from message")
    for kind in (JSON, {"content-type": "application/octet-stream"}):
        yield AskedFor("POST", "/v1/database/{chat}/sql", headers=kind, body=b"select * from message")


def logs() -> Iterator[AskedFor]:
    for query in (
        "?num_lines=0",
        "?num_lines=x",
        "?num_lines=-1",
        "?num_lines=+1",
        "?num_lines=4294967296",
        "?follow=x",
    ):
        yield AskedFor("GET", "/v1/database/{chat}/logs" + query)


def subscribing() -> Iterator[AskedFor]:
    path = "/v1/database/{chat}/subscribe"
    upgrade = {
        "connection": "upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-protocol": "v1.json.spacetimedb",
    }
    for name in upgrade:
        yield AskedFor("GET", path, headers={key: value for key, value in upgrade.items() if key != name})
    for name, value in (
        ("sec-websocket-version", "8"),
        ("sec-websocket-protocol", "v9"),
        ("sec-websocket-protocol", ""),
        ("upgrade", "h2c"),
    ):
        yield AskedFor("GET", path, headers={**upgrade, name: value})
    for query in (
        "?connection_id=x",
        "?connection_id=" + "0" * 32,
        "?connection_id=" + "0" * 31,
        "?compression=x",
        "?compression=gzip",
        "?light=1",
        "?confirmed=x",
        "?token=x",
    ):
        yield AskedFor("GET", path + query, NOBODY, upgrade)
    for database in ("none-here", NO_IDENTITY, "a_b"):
        yield AskedFor("GET", f"/v1/database/{database}/subscribe", headers=upgrade)
    yield AskedFor("GET", "/v1/ping", headers=upgrade)
    yield AskedFor("GET", "/v1/nothing", headers=upgrade)
    yield AskedFor("POST", path, headers=upgrade)


def elsewhere() -> Iterator[AskedFor]:
    for path in (
        "/",
        "/v1",
        "/v1/",
        "/v2/ping",
        "/v1/ping/",
        "/v1/health/",
        "/v1/metrics/",
        "/v1/energy",
        "/v1/energy/",
        "/v1/prometheus",
        "/v1/identity/",
        "/v1/identity/{me}",
        "/v1/database/",
        "/v1/database/{chat}/",
        "/v1/database/{chat}/nothing",
        "/v1/database/{chat}/call",
        "/v1/database/{chat}/call/",
        "/v1/database/{chat}/call/a/b",
        "/v1/database/{chat}/unstable",
        "/v1//ping",
        "/V1/ping",
        "/v1/ping%2f",
        "/v1/tld/x",
        "/v1/database/dns/x",
        "/database/ping",
    ):
        for method in ("GET", "POST", "OPTIONS"):
            yield AskedFor(method, path)
    browser = {
        "origin": "http://localhost:5173",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,x-own",
    }
    for path in ("/v1/ping", "/v1/database/{chat}/call/set_name", "/v1/metrics", "/v1/nothing", "/nothing"):
        yield AskedFor("OPTIONS", path, NOBODY, browser)
        yield AskedFor("GET", path, NOBODY, {"origin": "http://localhost:5173"})


def large() -> Iterator[AskedFor]:
    body = b" " * (2 * 1024 * 1024 + 1)
    for method, path in (
        ("POST", "/v1/database/{chat}/sql"),
        ("POST", "/v1/database/{chat}/call/set_name"),
        ("POST", "/v1/database/{chat}/names"),
        ("PUT", "/v1/database/{chat}/names"),
        ("POST", "/v1/identity"),
        ("POST", "/v1/database/none-here/sql"),
        ("POST", "/v1/ping"),
    ):
        yield AskedFor(method, path, headers=JSON, body=body)


EVERYTHING = {
    section.__name__: section
    for section in (
        every_method,
        identities,
        credentials,
        databases,
        publishing,
        names,
        calls,
        sql,
        logs,
        subscribing,
        elsewhere,
        large,
    )
}
