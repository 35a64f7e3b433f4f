"""Other issuers of tokens: their keys, found by OpenID Connect discovery, and the tokens that these have signed.

Any issuer is taken whose discovery document can be fetched, as on the real server (SpacetimeDB 2.8.3,
``crates/core/src/auth/token_validation.rs``): an identity follows from issuer and subject, so that no issuer can
make tokens for another one's subjects. All of it belongs to the thread of the event loop, but :meth:`Issuers.known`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from stdbpy.server.claims import Credentials, TokenError

if TYPE_CHECKING:
    import httpx

    from stdbpy.server.issuer_keys import IssuerKeys

FRESH = 300.0
"""Seconds for which keys are used without a look at whether there are new ones."""

LONGEST_USE = 7200.0
"""Seconds for which keys are used whose issuer cannot be asked again; this and the one above are the real server's."""

PAUSE = 5.0
"""Seconds for which an issuer is not asked again that could not be asked."""

PATIENCE = 5.0
"""Seconds that an issuer has for each of two answers."""

LARGEST_ANSWER = 1024 * 1024
MOST_ISSUERS = 64
MOST_AT_ONCE = 8
MOST_WAITING = 256
"""Issuers that are being asked, or stand in line for it. Anybody can name another one."""

log = logging.getLogger("stdbpy.server")


class IssuerError(TokenError):
    """The issuer's keys cannot be had."""


class Issuers:
    """Those whose tokens have come. ``clock`` gives seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._keys: OrderedDict[str, IssuerKeys] = OrderedDict()
        self._failed: OrderedDict[str, tuple[float, IssuerError]] = OrderedDict()
        self._fetching: dict[str, asyncio.Task[IssuerKeys]] = {}
        self._turn = asyncio.Semaphore(MOST_AT_ONCE)

    def known(self, token: str) -> Credentials | None:
        """What a token says that was found to be good with keys that are still fresh. Any thread may ask."""
        oldest = self._clock() - FRESH
        for keys in list(self._keys.values()):
            if keys.fetched > oldest and (found := keys.known(token)) is not None:
                return found
        return None

    async def check(self, token: str, issuer: str) -> Credentials:
        """What a token of ``issuer`` says. Raises :class:`TokenError`."""
        return (await self._keys_of(issuer)).check(token)

    async def _keys_of(self, issuer: str) -> IssuerKeys:
        now = self._clock()
        keys = self._keys.get(issuer)
        if keys is not None and keys.fetched > now - FRESH:
            self._keys.move_to_end(issuer)
            return keys
        failed = self._failed.get(issuer)
        if failed is None or failed[0] <= now - PAUSE:
            if keys is None or keys.fetched <= now - LONGEST_USE:
                if issuer not in self._fetching and len(self._fetching) >= MOST_WAITING:
                    raise IssuerError("too many issuers are being asked for their keys: try again later")
                return await asyncio.shield(self._fetched(issuer))
            self._fetched(issuer)
        if keys is not None and keys.fetched > now - LONGEST_USE:
            return keys
        assert failed is not None, "otherwise it would have been asked"
        raise failed[1]

    def _fetched(self, issuer: str) -> asyncio.Task[IssuerKeys]:
        """The keys on their way: several who want them ask once."""
        task = self._fetching.get(issuer)
        if task is None:
            task = self._fetching[issuer] = asyncio.ensure_future(self._fetch(issuer))
            task.add_done_callback(lambda done: self._settle(issuer, done))
        return task

    def _settle(self, issuer: str, done: asyncio.Task[IssuerKeys]) -> None:
        del self._fetching[issuer]
        if done.cancelled():
            return
        error = done.exception()
        if error is None:
            self._failed.pop(issuer, None)
            _put(self._keys, issuer, done.result())
        else:
            assert isinstance(error, IssuerError)
            _put(self._failed, issuer, (self._clock(), error))

    async def _fetch(self, issuer: str) -> IssuerKeys:
        # Loaded when the first token of another issuer comes: most servers never see one.
        import httpx

        from stdbpy.server.issuer_keys import IssuerKeys, read_keys

        async with self._turn:
            try:
                async with httpx.AsyncClient(
                    headers={"accept-encoding": "identity"}, timeout=PATIENCE, follow_redirects=True, max_redirects=5
                ) as client:
                    document = await _json(client, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
                    keys = await _json(client, str(document["jwks_uri"]))
            except (
                httpx.HTTPError,
                httpx.InvalidURL,
                ValueError,
                KeyError,
                TypeError,
                TimeoutError,
                RecursionError,
            ) as error:
                log.warning(
                    "The keys of issuer %.200r cannot be had: %.200s", issuer, str(error) or type(error).__name__
                )
                raise IssuerError(f"Error fetching public key for issuer {issuer}") from None
        return IssuerKeys(issuer, read_keys(keys), self._clock())


def _put(bounded: OrderedDict[str, Any], issuer: str, value: Any) -> None:
    bounded[issuer] = value
    bounded.move_to_end(issuer)
    if len(bounded) > MOST_ISSUERS:
        bounded.popitem(last=False)


async def _json(client: httpx.AsyncClient, url: str) -> Any:
    """The JSON at an address. Raises ``ValueError`` for what is none, or too much."""
    import json

    body = b""
    async with asyncio.timeout(PATIENCE), client.stream("GET", url) as answer:
        answer.raise_for_status()
        # As it comes: a compressed answer was not asked for, and can be any size when it is none any more.
        async for part in answer.aiter_raw():
            body += part
            if len(body) > LARGEST_ANSWER:
                raise ValueError("the answer is too large")
    return json.loads(body)
