"""Identities and their tokens."""

from __future__ import annotations

import base64
import json
import re

import jwt
import pytest

from stdbpy.engine.names import identity_from_claims
from tests.contract.subject import Subject
from tests.contract.websocket import V1, connected

NOBODY = "c200" + "0" * 60


def claims_of(token: str) -> tuple[dict[str, object], dict[str, object]]:
    header, payload, _ = (part + "=" * (-len(part) % 4) for part in token.split("."))
    return json.loads(base64.urlsafe_b64decode(header)), json.loads(base64.urlsafe_b64decode(payload))


def test_a_new_identity(server: Subject):
    answer = server.ask("POST", "/v1/identity", token=None)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"identity", "token"}
    header, claims = claims_of(answer.json()["token"])
    assert header == {"typ": "JWT", "alg": "ES256"}
    assert set(claims) == {"hex_identity", "sub", "iss", "aud", "iat", "exp"}
    assert claims["hex_identity"] == answer.json()["identity"]
    assert (claims["iss"], claims["aud"], claims["exp"]) == ("localhost", ["spacetimedb"], None)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(claims["sub"]))


def test_the_identity_follows_from_the_claims(server: Subject):
    identity, token = server.new_token()
    claims = claims_of(token)[1]
    assert identity_from_claims(str(claims["iss"]), str(claims["sub"])).hex() == identity


def test_each_is_another(server: Subject):
    assert server.new_token()[0] != server.new_token()[0]


@pytest.mark.parametrize("token", [None, "own", "nonsense"])
def test_it_does_not_matter_who_asks_for_one(server: Subject, token: str | None):
    assert server.ask("POST", "/v1/identity", token=token, content="ignored").status_code == 200


def test_the_public_key_checks_tokens(server: Subject):
    answer = server.ask("GET", "/v1/identity/public-key", token=None)
    assert answer.headers["content-type"] == "application/pem-certificate-chain"
    identity, token = server.new_token()
    payload = jwt.api_jws.decode(token, answer.content, ["ES256"])
    assert json.loads(payload)["hex_identity"] == identity


def test_a_short_lived_token_is_of_the_same_identity(server: Subject, shared_chat: str):
    answer = server.ask("POST", "/v1/identity/websocket-token")
    assert answer.status_code == 200
    short = answer.json()["token"]
    before, claims = claims_of(server.token)[1], claims_of(short)[1]
    assert (claims["hex_identity"], claims["sub"]) == (before["hex_identity"], before["sub"])
    assert claims["exp"] == int(str(claims["iat"])) + 60
    used = server.ask("GET", f"/v1/database/{shared_chat}", token=short)
    assert used.headers["spacetime-identity"] == server.identity
    assert used.headers["spacetime-identity-token"] == short


def test_a_client_is_told_the_short_lived_token_that_it_came_with(server: Subject, shared_chat: str):
    """Not the one that it was made from: who keeps what the greeting says cannot come again after a minute."""
    short = server.ask("POST", "/v1/identity/websocket-token").json()["token"]
    with connected(server, shared_chat, V1, token=None, query=f"compression=None&token={short}") as wire:
        greeting = wire.next()
    assert (greeting.token, greeting.identity.hex()) == (short, server.identity)


def test_a_short_lived_token_needs_another(server: Subject):
    answer = server.ask("POST", "/v1/identity/websocket-token", token=None)
    assert (answer.status_code, answer.text) == (401, "Authorization required")


class TestVerify:
    def test_ones_own(self, server: Subject):
        answer = server.ask("GET", f"/v1/identity/{server.identity}/verify")
        assert (answer.status_code, answer.content) == (204, b"")

    def test_anothers(self, server: Subject):
        answer = server.ask("GET", f"/v1/identity/{NOBODY}/verify")
        assert (answer.status_code, answer.content) == (400, b"")

    def test_without_a_token(self, server: Subject):
        answer = server.ask("GET", f"/v1/identity/{server.identity}/verify", token=None)
        assert (answer.status_code, answer.text) == (401, "Authorization required")

    @pytest.mark.parametrize("path", ["zz", "0x" + NOBODY, NOBODY[:-1]])
    def test_what_is_no_identity(self, server: Subject, path: str):
        answer = server.ask("GET", f"/v1/identity/{path}/verify")
        assert answer.status_code == 400
        assert answer.text.startswith("Invalid URL: ")


class TestDatabases:
    def test_an_identitys_own(self, server: Subject, shared_chat: str):
        identity = server.ask("GET", f"/v1/database/{shared_chat}/identity").text
        answer = server.ask("GET", f"/v1/identity/{server.identity}/databases", token=None)
        assert answer.status_code == 200
        assert set(answer.json()) == {"identities"}
        assert identity in answer.json()["identities"]

    def test_nobodys(self, server: Subject):
        assert server.ask("GET", f"/v1/identity/{NOBODY}/databases").json() == {"identities": []}

    def test_what_is_no_identity(self, server: Subject):
        assert server.ask("GET", "/v1/identity/xyz/databases").status_code == 400


class TestTokensOfRequests:
    def test_anonymous_callers_get_an_identity_each(self, server: Subject, shared_chat: str):
        answers = [server.ask("GET", f"/v1/database/{shared_chat}", token=None) for _ in range(2)]
        identities = {answer.headers["spacetime-identity"] for answer in answers}
        assert len(identities) == 2
        for answer in answers:
            claims = claims_of(answer.headers["spacetime-identity-token"])[1]
            assert claims["hex_identity"] == answer.headers["spacetime-identity"]

    def test_a_given_token_comes_back(self, server: Subject, shared_chat: str):
        answer = server.ask("GET", f"/v1/database/{shared_chat}")
        assert answer.headers["spacetime-identity"] == server.identity
        assert answer.headers["spacetime-identity-token"] == server.token

    def test_errors_tell_the_caller_as_well(self, server: Subject):
        answer = server.ask("GET", "/v1/database/no-such-database")
        assert (answer.status_code, answer.headers["spacetime-identity"]) == (404, server.identity)

    def test_a_token_in_the_query(self, server: Subject, shared_chat: str):
        answer = server.ask("GET", f"/v1/database/{shared_chat}?token={server.token}", token=None)
        assert answer.headers["spacetime-identity"] == server.identity

    def test_the_header_comes_before_the_query(self, server: Subject, shared_chat: str):
        other, token = server.new_token()
        answer = server.ask("GET", f"/v1/database/{shared_chat}?token={token}")
        assert answer.headers["spacetime-identity"] == server.identity != other

    @pytest.mark.parametrize("token", ["nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
    def test_what_is_no_token(self, server: Subject, shared_chat: str, token: str):
        answer = server.ask("GET", f"/v1/database/{shared_chat}", token=token)
        assert answer.status_code == 401
        assert "spacetime-identity" not in answer.headers
        if not server.is_old:
            assert answer.text.startswith("Invalid token: ")

    def test_a_token_of_another_key(self, server: Subject, shared_chat: str):
        head, payload, signature = server.token.split(".")
        forged = f"{head}.{payload}.{'A' * len(signature)}"
        answer = server.ask("GET", f"/v1/database/{shared_chat}", token=forged)
        assert answer.status_code == 401
        assert "InvalidSignature" in answer.text

    @pytest.mark.parametrize("header", ["Basic abc", "", "Bearer", "abc"])
    def test_other_kinds_of_authorization(self, server: Subject, shared_chat: str, header: str):
        answer = server.ask("GET", f"/v1/database/{shared_chat}", token=None, headers={"authorization": header})
        assert (answer.status_code, answer.text) == (400, "Authorization is invalid: malformed token")
