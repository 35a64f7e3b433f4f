"""How long the keys of other issuers are used, and how often these are asked."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from stdbpy.server import issuer_keys, issuers
from stdbpy.server.claims import Credentials, TokenError
from stdbpy.server.issuers import FRESH, LARGEST_ANSWER, LONGEST_USE, PAUSE, IssuerError, Issuers
from stdbpy.server.keys import KeyPair
from stdbpy.server.tokens import TokenAuthority
from tests.contract.issuer import DISCOVERY, KEYS, Issuer, new_ec_key, new_rsa_key, running_issuer


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        running.publish(one=new_ec_key())
        yield running


def checked(clock: Clock, *steps: Callable[[Issuers], Awaitable[object]]) -> None:
    async def run() -> None:
        found = Issuers(clock=clock)
        for step in steps:
            await step(found)

    asyncio.run(run())


def test_keys_are_fetched_again_in_the_background(issuer: Issuer) -> None:
    clock, old = Clock(), issuer.token("one")

    async def steps(found: Issuers) -> None:
        await found.check(old, issuer.url)
        issuer.publish(two=new_ec_key())
        new = issuer.token("two")
        clock.now += FRESH - 1
        with pytest.raises(TokenError, match="key ID"):
            await found.check(new, issuer.url)
        clock.now += 2
        assert found.known(old) is None
        await found.check(old, issuer.url)  # with what there is; meanwhile the issuer is asked
        await found._fetching[issuer.url]
        assert (await found.check(new, issuer.url)).subject == "somebody"
        with pytest.raises(TokenError, match="key ID"):
            await found.check(old, issuer.url)

    checked(clock, steps)
    assert len(issuer.asked) == 4


def test_an_issuer_that_has_gone_is_believed_for_a_while(issuer: Issuer) -> None:
    clock, token = Clock(), issuer.token("one")

    async def steps(found: Issuers) -> None:
        await found.check(token, issuer.url)
        issuer.answers.clear()
        clock.now += LONGEST_USE - 1
        await found.check(token, issuer.url)
        await asyncio.wait(found._fetching.values())
        clock.now += 2
        with pytest.raises(IssuerError):
            await found.check(token, issuer.url)

    checked(clock, steps)


def test_an_issuer_that_fails_is_left_alone_for_a_moment(issuer: Issuer) -> None:
    clock, token = Clock(), issuer.token("one")
    answers = dict(issuer.answers)
    issuer.answers.clear()

    async def steps(found: Issuers) -> None:
        for _ in range(5):
            with pytest.raises(IssuerError):
                await found.check(token, issuer.url)
        assert issuer.asked == [DISCOVERY]
        issuer.answers.update(answers)
        clock.now += PAUSE + 1
        await found.check(token, issuer.url)

    checked(clock, steps)


def test_many_tokens_at_once_ask_once(issuer: Issuer) -> None:
    tokens = [issuer.token("one", sub=str(number)) for number in range(20)]

    async def steps(found: Issuers) -> None:
        said = await asyncio.gather(*(found.check(token, issuer.url) for token in tokens))
        assert [credentials.subject for credentials in said] == [str(number) for number in range(20)]
        assert found.known(tokens[7]) is said[7]

    checked(Clock(), steps)
    assert issuer.asked == [DISCOVERY, KEYS]


def test_an_answer_without_end_is_refused(issuer: Issuer) -> None:
    issuer.answers[KEYS] = 200, b" " * (LARGEST_ANSWER + 1)

    async def steps(found: Issuers) -> None:
        with pytest.raises(IssuerError):
            await found.check(issuer.token("one"), issuer.url)

    checked(Clock(), steps)


@pytest.mark.parametrize("path", [DISCOVERY, KEYS])
def test_an_answer_that_is_too_deep_is_refused(issuer: Issuer, path: str) -> None:
    issuer.answers[path] = 200, b"[" * 100_000

    async def steps(found: Issuers) -> None:
        for _ in range(2):
            with pytest.raises(IssuerError):
                await found.check(issuer.token("one"), issuer.url)

    checked(Clock(), steps)
    assert issuer.asked.count(path) == 1


def test_compressed_answers_are_not_unpacked(issuer: Issuer) -> None:
    status, keys = issuer.answers[KEYS]
    issuer.answers[KEYS] = status, gzip.compress(keys)
    issuer.headers["content-encoding"] = "gzip"

    async def steps(found: Issuers) -> None:
        with pytest.raises(IssuerError):
            await found.check(issuer.token("one"), issuer.url)

    checked(Clock(), steps)


def with_keys(issuer: Issuer, *descriptions: dict[str, Any]) -> Issuers:
    issuer.answers[KEYS] = 200, json.dumps({"keys": descriptions}).encode()
    return Issuers(clock=Clock())


def test_a_token_is_tried_with_few_keys(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuer_keys, "MOST_KEYS", 3)
    keys = [new_ec_key() for _ in range(4)]
    *others, own = (ECAlgorithm.to_jwk(key.public_key(), as_dict=True) for key in keys)
    token = issuer.token("one", kid=None, private=keys[-1])
    asyncio.run(with_keys(issuer, *others[:2], own).check(token, issuer.url))
    with pytest.raises(TokenError, match="InvalidSignature"):
        asyncio.run(with_keys(issuer, *others, own).check(token, issuer.url))


@pytest.mark.parametrize("bits", [1024, 8200])
def test_rsa_keys_of_other_sizes_are_not_used(issuer: Issuer, bits: int) -> None:
    number = base64.urlsafe_b64encode((1 << bits - 1 | 1).to_bytes(bits // 8, "big")).decode()
    found = with_keys(issuer, {"kty": "RSA", "n": number, "e": "AQAB", "kid": "one"})
    with pytest.raises(TokenError, match="key ID"):
        asyncio.run(found.check(issuer.token("one"), issuer.url))


def test_of_an_issuer_that_tells_its_private_key_the_public_one_is_used(issuer: Issuer) -> None:
    key = new_rsa_key()
    told = {**RSAAlgorithm.to_jwk(key, as_dict=True), "kid": "one"}
    token = issuer.token("one", private=key)
    assert asyncio.run(with_keys(issuer, told).check(token, issuer.url)).subject == "somebody"


def test_few_stand_in_line(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuers, "MOST_WAITING", 2)

    async def steps(found: Issuers) -> None:
        addresses = [issuer.url + "/" * slashes for slashes in range(3)]
        said = await asyncio.gather(
            *(found.check(issuer.token("one", iss=address), address) for address in addresses), return_exceptions=True
        )
        assert isinstance(said.pop(), IssuerError)
        assert all(isinstance(credentials, Credentials) for credentials in said)
        await found.check(issuer.token("one", iss=addresses[2]), addresses[2])

    checked(Clock(), steps)


def test_an_issuer_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, issuer: Issuer) -> None:
    monkeypatch.setattr(issuers, "PATIENCE", 0.05)

    async def steps(found: Issuers) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"http://127.0.0.1:{silent.getsockname()[1]}"
            with pytest.raises(IssuerError):
                await found.check(issuer.token("one", iss=address), address)

    checked(Clock(), steps)


def test_few_are_remembered(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuers, "MOST_ISSUERS", 3)

    async def steps(found: Issuers) -> None:
        for slashes in range(5):
            address = issuer.url + "/" * slashes
            await found.check(issuer.token("one", iss=address), address)
        assert list(found._keys) == [issuer.url + "/" * slashes for slashes in (2, 3, 4)]

    checked(Clock(), steps)


def test_tokens_are_not_in_the_log(issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    authority = TokenAuthority(KeyPair.generate())
    good, bad = issuer.token("one"), issuer.token("one", iss="http://127.0.0.1:1")

    async def run() -> Credentials:
        with pytest.raises(IssuerError):
            await authority.check_with_issuer(bad)
        return await authority.check_with_issuer(good)

    assert good not in repr(asyncio.run(run()))
    assert "127.0.0.1:1" in caplog.text
    for token in (good, bad):
        for part in token.split("."):
            assert part not in caplog.text
