"""``/v1/ping``, ``/v1/health`` and the routes of identities and tokens."""

from __future__ import annotations

from stdbpy.engine.names import as_identity
from stdbpy.sats.values import Identity
from stdbpy.server.answer import Answer, json_answer
from stdbpy.server.asked import Asked
from stdbpy.server.claims import Credentials
from stdbpy.server.config import EMULATED_VERSION
from stdbpy.server.refusal import BAD_REQUEST, UNAUTHORIZED, refuse

SHORT_LIVED = 60
"""Seconds that a websocket token is good for."""


async def ping(asked: Asked) -> Answer:
    await asked.credentials()
    return Answer(200)


async def health(_asked: Asked) -> Answer:
    return json_answer({"nodes": [0], "package_name": "stdbpy", "schedulable": True, "version": EMULATED_VERSION})


async def create(asked: Asked) -> Answer:
    created = asked.backend.tokens.new_identity()
    return json_answer({"identity": created.identity.hex(), "token": created.token})


async def public_key(asked: Asked) -> Answer:
    return Answer(200, ((b"content-type", b"application/pem-certificate-chain"),), asked.backend.tokens.public_pem)


async def websocket_token(asked: Asked) -> Answer:
    short = asked.backend.tokens.shortened(await required_credentials(asked), SHORT_LIVED)
    return json_answer({"token": short.token})


async def verify(asked: Asked) -> Answer:
    identity = identity_of_path(asked)
    if (await required_credentials(asked)).identity != identity:
        raise refuse(BAD_REQUEST)
    return Answer(204)


async def databases(asked: Asked) -> Answer:
    owned = asked.backend.engine.databases_of(identity_of_path(asked))
    return json_answer({"identities": [database.identity.hex() for database in owned]})


async def required_credentials(asked: Asked) -> Credentials:
    """Those of the request. Refuses one without any."""
    credentials = await asked.credentials()
    if credentials is None:
        raise refuse(UNAUTHORIZED, "Authorization required")
    return credentials


def identity_of_path(asked: Asked) -> Identity:
    """The one that the path names."""
    text = asked.path_value("identity")
    identity = as_identity(text) if not text.startswith("0x") else None
    if identity is None:
        raise refuse(BAD_REQUEST, f"Invalid URL: {text!r} is not an identity of 64 hex digits")
    return identity
