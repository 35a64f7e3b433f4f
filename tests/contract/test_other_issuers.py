"""Tokens of other issuers, whose keys are found by OpenID Connect discovery.

The real 2.8.3 dies of a signature of one kind that it checks with a key of the other. So issuers have keys of one
kind each here, but in the one test that is not for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from stdbpy.engine.names import identity_from_claims
from tests.contract.issuer import DISCOVERY, KEYS, Issuer, new_ec_key, new_rsa_key, running_issuer
from tests.contract.subject import Subject
from tests.contract.websocket import V2, connected

ONE, TWO = "one", "two"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    """One whose keys stay the same: servers keep them for minutes."""
    with running_issuer() as running:
        running.publish(one=new_ec_key(), two=new_ec_key())
        yield running


@pytest.fixture(scope="module")
def rsa_issuer() -> Iterator[Issuer]:
    """The same with keys of the other kind."""
    with running_issuer() as running:
        running.publish(one=new_rsa_key(), two=new_rsa_key())
        yield running


@pytest.fixture
def own_issuer() -> Iterator[Issuer]:
    """One for a test alone, without keys yet."""
    with running_issuer() as running:
        yield running


def ping(server: Subject, token: str) -> httpx.Response:
    return server.ask("GET", "/v1/ping", token=token)


def identity_seen(server: Subject, database: str, token: str) -> str:
    answer = server.ask("GET", f"/v1/database/{database}", token=token)
    assert answer.status_code == 200, answer.text
    assert answer.headers["spacetime-identity-token"] == token
    return answer.headers["spacetime-identity"]


@pytest.mark.parametrize("key", [ONE, TWO])
@pytest.mark.parametrize("names_key", [True, False])
@pytest.mark.parametrize("kind", ["issuer", "rsa_issuer"])
def test_the_identity_follows_from_issuer_and_subject(
    newer_server: Subject, request: pytest.FixtureRequest, shared_chat: str, key: str, names_key: bool, kind: str
):
    issuer: Issuer = request.getfixturevalue(kind)
    token = issuer.token(key, kid=key if names_key else None)
    assert identity_seen(newer_server, shared_chat, token) == identity_from_claims(issuer.url, "somebody").hex()


def test_an_address_with_a_slash_is_another_issuer(newer_server: Subject, issuer: Issuer, shared_chat: str):
    token = issuer.token(ONE, iss=f"{issuer.url}/")
    assert identity_seen(newer_server, shared_chat, token) == identity_from_claims(f"{issuer.url}/", "somebody").hex()


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"aud": None},
        {"aud": "web"},
        {"sub": "s" * 128},
        {"more": {"roles": ["a"]}},
        {"nbf": int(time.time()) + 3600},
    ],
)
def test_good_claims(newer_server: Subject, issuer: Issuer, claims: dict[str, object]):
    assert ping(newer_server, issuer.token(ONE, **claims)).status_code == 200


def test_clocks_may_differ_a_little(newer_server: Subject, issuer: Issuer):
    assert ping(newer_server, issuer.token(ONE, exp=int(time.time()) - 30)).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - 3600},
        {"exp": "tomorrow"},
        {"sub": None},
        {"sub": ""},
        {"sub": "s" * 129},
        {"sub": 5},
        {"iss": None},
        {"iss": ""},
        {"iat": None},
        {"aud": 5},
        {"hex_identity": "c2" + "00" * 31},
        {"iss": "not an address"},
        {"iss": "ftp://127.0.0.1/"},
        {"iss": "http://127.0.0.1:1"},
        {"iss": "localhost"},
    ],
)
def test_bad_claims(newer_server: Subject, issuer: Issuer, claims: dict[str, object]):
    answer = ping(newer_server, issuer.token(ONE, **claims))
    assert answer.status_code == 401
    assert answer.text


def test_keys_that_are_not_the_issuers(newer_server: Subject, issuer: Issuer):
    stranger = new_ec_key()
    for token in (
        issuer.token(ONE, private=stranger),
        issuer.token(ONE, kid=None, private=stranger),
        issuer.token(ONE, kid="three", private=stranger),
        issuer.token(ONE, kid="three"),
        issuer.token(ONE, kid=TWO),
        issuer.token(ONE).rpartition(".")[0] + ".AAAA",
    ):
        assert ping(newer_server, token).status_code == 401


@pytest.mark.difference("a token whose issuer has keys of several kinds")
def test_keys_of_both_kinds(newer_server: Subject, own_issuer: Issuer):
    if not newer_server.is_embedded:
        pytest.skip("the real server dies of this")
    own_issuer.publish(one=new_ec_key(), two=new_rsa_key())
    for key in (ONE, TWO):
        assert ping(newer_server, own_issuer.token(key, kid=None)).status_code == 200
    assert ping(newer_server, own_issuer.token(ONE, kid=TWO)).status_code == 401
    assert ping(newer_server, own_issuer.token(ONE, kid=None, private=new_ec_key())).status_code == 401


def test_the_issuer_is_asked_once(newer_server: Subject, own_issuer: Issuer):
    own_issuer.publish(one=new_ec_key())
    for number in range(3):
        assert ping(newer_server, own_issuer.token(ONE, sub=f"s{number}")).status_code == 200
    assert own_issuer.asked == [DISCOVERY, KEYS]


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {DISCOVERY: (200, b"{")},
        {DISCOVERY: (200, b"{}")},
        {DISCOVERY: (200, b"[]")},
        {DISCOVERY: (500, b'{"jwks_uri": "http://127.0.0.1:1"}')},
        {DISCOVERY: (200, b'{"jwks_uri": 5}')},
        {DISCOVERY: (200, b'{"jwks_uri": "nowhere"}')},
        {KEYS: (200, b"{}")},
        {KEYS: (200, b'{"keys": 5}')},
        {KEYS: (200, b'{"keys": []}')},
        {KEYS: (404, b"")},
    ],
)
def test_issuers_that_do_not_say_their_keys(
    newer_server: Subject, own_issuer: Issuer, answers: dict[str, tuple[int, bytes]]
):
    own_issuer.publish(one=new_ec_key())
    own_issuer.answers = {**own_issuer.answers, **answers} if answers else {}
    answer = ping(newer_server, own_issuer.token(ONE))
    assert answer.status_code == 401
    assert answer.text


def test_a_websocket_token_is_good_without_the_issuer(newer_server: Subject, own_issuer: Issuer, shared_chat: str):
    """The server signs it itself, for the same identity."""
    own_issuer.publish(one=new_ec_key())
    token = own_issuer.token(ONE, more="claims")
    made = newer_server.ask("POST", "/v1/identity/websocket-token", token=token)
    short = made.json()["token"]
    own_issuer.publish()
    assert identity_seen(newer_server, shared_chat, short) == identity_from_claims(own_issuer.url, "somebody").hex()


def test_clients_connect_with_them(newer_server: Subject, issuer: Issuer, shared_chat: str):
    token = issuer.token(TWO)
    with connected(newer_server, shared_chat, V2, token=token) as wire:
        greeting = wire.next()
    assert (greeting.identity.hex(), greeting.token) == (identity_from_claims(issuer.url, "somebody").hex(), token)


def test_publishing_with_them_owns_the_database(newer_server: Subject, issuer: Issuer):
    if newer_server.is_embedded:
        pytest.skip("modules in Python are for the server's owner alone")
    owner = issuer.token(ONE, sub="an owner")
    published = newer_server.publish("quickstart_chat", token=owner)
    assert published.status_code == 200
    identity = published.json()["Success"]["database_identity"]
    logs = f"/v1/database/{identity}/logs"
    assert newer_server.ask("GET", logs, token=owner).status_code == 200
    assert newer_server.ask("GET", logs, token=issuer.token(ONE)).status_code == 403
