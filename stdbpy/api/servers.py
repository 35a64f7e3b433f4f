"""Exchanges about the server itself and about identities."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from stdbpy.api.answers import (
    BAD_REQUEST,
    NO_CONTENT,
    expect_success,
    not_spacetimedb,
    read_identity,
    read_json,
    read_text,
    refusal,
)
from stdbpy.api.exchange import Exchange, Request, Response, identity_path
from stdbpy.api.lookups import expect_route
from stdbpy.api.results import Health, MetricsTargets, NewIdentity
from stdbpy.sats.values import Identity


class _HealthAnswer(msgspec.Struct):
    version: str
    package_name: str = ""
    schedulable: bool = True
    nodes: list[int] = msgspec.field(default_factory=list)


class _IdentityAnswer(msgspec.Struct):
    identity: str
    token: str


class _TargetsAnswer(msgspec.Struct):
    targets: list[str]
    labels: dict[str, str]


class _TokenAnswer(msgspec.Struct):
    token: str


class _DatabasesAnswer(msgspec.Struct):
    identities: list[str]


def ping() -> Exchange[None]:
    response = yield Request("GET", "/v1/ping")
    expect_success(response)
    if response.body:
        raise not_spacetimedb(response)


def health() -> Exchange[Health]:
    response = yield Request("GET", "/v1/health")
    answer = read_json(response, _HealthAnswer)
    return Health(
        answer.version, answer.package_name, answer.schedulable, tuple(answer.nodes), clock=_clock_of(response)
    )


def _clock_of(response: Response) -> datetime | None:
    """The time in the header ``Date`` (RFC 9110, section 6.6.1)."""
    with suppress(TypeError, ValueError):
        return parsedate_to_datetime(response.headers.get("date", "")).replace(tzinfo=UTC)
    return None


def metrics() -> Exchange[str]:
    response = yield Request("GET", "/v1/metrics")
    yield from expect_route(response, "tell metrics")
    return read_text(response)


def metrics_targets() -> Exchange[list[MetricsTargets]]:
    response = yield Request("GET", "/v1/prometheus/sd_config")
    yield from expect_route(response, "tell whose metrics there are")
    answer = read_json(response, list[_TargetsAnswer])
    return [MetricsTargets(tuple(each.targets), each.labels) for each in answer]


def create_identity() -> Exchange[NewIdentity]:
    response = yield Request("POST", "/v1/identity")
    answer = read_json(response, _IdentityAnswer)
    return NewIdentity(read_identity(answer.identity, response), answer.token)


def public_key() -> Exchange[str]:
    response = yield Request("GET", "/v1/identity/public-key")
    text = read_text(response)
    if not text.startswith("-----BEGIN "):
        raise not_spacetimedb(response)
    return text


def websocket_token() -> Exchange[str]:
    return read_json((yield Request("POST", "/v1/identity/websocket-token")), _TokenAnswer).token


def verify(identity: Identity) -> Exchange[bool]:
    response = yield Request("GET", identity_path(identity.hex(), "verify"))
    if response.status == NO_CONTENT:
        return True
    if response.status == BAD_REQUEST and not response.body:
        return False
    raise refusal(response)


def databases_of(identity: Identity) -> Exchange[list[Identity]]:
    response = yield Request("GET", identity_path(identity.hex(), "databases"))
    return [read_identity(text, response) for text in read_json(response, _DatabasesAnswer).identities]
