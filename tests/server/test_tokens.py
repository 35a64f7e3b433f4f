"""Tokens: what they say, and which are taken."""

from __future__ import annotations

import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.engine.names import identity_from_claims
from stdbpy.server.claims import LEEWAY, Credentials, TokenError
from stdbpy.server.keys import KeyPair
from stdbpy.server.tokens import REMEMBERED_TOKENS, TokenAuthority

KEYS = KeyPair.generate()
NOW = 1_800_000_000


class Clock:
    def __init__(self) -> None:
        self.now: float = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock: Clock) -> TokenAuthority:
    return TokenAuthority(KEYS, clock=clock)


def signed(claims: object, key: KeyPair = KEYS) -> str:
    return jwt.api_jws.encode(json.dumps(claims).encode(), key.private, "ES256")


def good_claims(**changes: object) -> dict[str, object]:
    claims = {"iss": "localhost", "sub": "somebody", "aud": ["spacetimedb"], "iat": NOW, "exp": None, **changes}
    return {name: value for name, value in claims.items() if value != "left out"}


def test_identities_are_those_of_the_real_server():
    """Claims of a token that a SpacetimeDB 2.8.3 gave out, and the identity it gave with it."""
    assert (
        identity_from_claims("localhost", "abc02f69-605e-43af-b216-5af84dd95bff").hex()
        == "c200a9fbfe053b3404a19909ad333aa156bcf994b42914a2d3eed6aaf5268333"
    )


def test_what_a_new_identitys_token_says(tokens: TokenAuthority):
    made = tokens.new_identity()
    assert json.loads(made.payload) == {
        "hex_identity": made.identity.hex(),
        "sub": made.subject,
        "iss": "localhost",
        "aud": ["spacetimedb"],
        "iat": NOW,
        "exp": None,
    }
    assert jwt.get_unverified_header(made.token) == {"typ": "JWT", "alg": "ES256"}


def test_a_token_says_again_what_it_was_made_for(tokens: TokenAuthority):
    made = tokens.new_identity()
    assert tokens.check(made.token) == made


def test_another_authority_with_the_same_key_takes_it(tokens: TokenAuthority, clock: Clock):
    made = tokens.new_identity()
    assert TokenAuthority(KEYS, clock=clock).check(made.token) == made


def test_short_tokens_expire(tokens: TokenAuthority, clock: Clock):
    short = tokens.shortened(tokens.new_identity(), 60)
    assert tokens.check(short.token).identity == short.identity
    clock.now = NOW + 60 + LEEWAY
    assert tokens.check(short.token)
    clock.now += 1
    with pytest.raises(TokenError, match="ExpiredSignature"):
        tokens.check(short.token)


def test_short_tokens_keep_the_claims_of_others(tokens: TokenAuthority):
    given_token = signed(good_claims(iss="https://elsewhere.example", email="a@b.c"))
    short = tokens.shortened(tokens.check(given_token), 60)
    assert json.loads(short.payload)["email"] == "a@b.c"
    assert short.identity == identity_from_claims("https://elsewhere.example", "somebody")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "spacetimedb"},
        {"aud": "left out"},
        {"exp": NOW + 5},
        {"exp": NOW + 0.5},
        {"hex_identity": identity_from_claims("localhost", "somebody").hex()},
        {"sub": "x" * 128},
    ],
)
def test_claims_that_are_taken(tokens: TokenAuthority, changes: dict[str, object]):
    assert isinstance(tokens.check(signed(good_claims(**changes))), Credentials)


@pytest.mark.parametrize(
    "claims",
    [
        good_claims(iss="left out"),
        good_claims(sub="left out"),
        good_claims(iat="left out"),
        good_claims(iss=""),
        good_claims(sub=""),
        good_claims(sub="x" * 129),
        good_claims(sub="ü" * 65),
        good_claims(iss=5),
        good_claims(aud=5),
        good_claims(aud=[5]),
        good_claims(exp="soon"),
        good_claims(exp=True),
        good_claims(exp=float("nan")),
        good_claims(exp=float("inf")),
        good_claims(exp=NOW - 3600),
        good_claims(hex_identity="c200" + "0" * 60),
        good_claims(hex_identity=5),
        [],
        "text",
        None,
    ],
)
def test_claims_that_are_refused(tokens: TokenAuthority, claims: object):
    with pytest.raises(TokenError):
        tokens.check(signed(claims))


def test_signatures_of_others_are_refused(tokens: TokenAuthority):
    with pytest.raises(TokenError, match="InvalidSignature"):
        tokens.check(signed(good_claims(), KeyPair.generate()))


def test_other_algorithms_are_refused(tokens: TokenAuthority):
    unsigned = jwt.api_jws.encode(json.dumps(good_claims()).encode(), "", "none")
    symmetric = jwt.api_jws.encode(json.dumps(good_claims()).encode(), "secret" * 8, "HS256")
    for token in (unsigned, symmetric):
        with pytest.raises(TokenError):
            tokens.check(token)


@given(st.one_of(st.text(), st.binary().map(lambda data: data.decode("latin-1")), st.text("abc.=-_", max_size=40)))
def test_no_text_is_a_token_by_chance_or_breaks_anything(text: str):
    with pytest.raises(TokenError):
        TokenAuthority(KEYS).check(text)


@given(st.integers(0, 400), st.characters(codec="ascii"))
def test_a_token_with_another_character_is_refused(place: int, character: str):
    tokens = TokenAuthority(KEYS)
    token = tokens.new_identity().token
    place %= len(token) - 1  # the last character's lowest bits say nothing
    if token[place] == character:
        return
    with pytest.raises(TokenError):
        tokens.check(token[:place] + character + token[place + 1 :])


def test_long_tokens_are_not_even_looked_at(tokens: TokenAuthority):
    with pytest.raises(TokenError):
        tokens.check("a" * 1_000_000)


def test_only_so_many_tokens_are_remembered(tokens: TokenAuthority):
    first = tokens.issue("first")
    for number in range(REMEMBERED_TOKENS + 10):
        tokens.check(tokens.issue(str(number)).token) if number % 100 == 0 else None
    assert tokens.check(first.token) == first


def test_nothing_shows_a_token_or_key(tokens: TokenAuthority):
    made = tokens.new_identity()
    assert made.token not in repr(made)
    assert "private" not in repr(KEYS)
