"""What the routes work with: the engine, the tokens, and who owns the server."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field

from stdbpy.engine import Caller, Database, Engine
from stdbpy.engine.names import as_identity
from stdbpy.errors import DatabaseNotFound, InvalidName
from stdbpy.sats.values import ConnectionId
from stdbpy.server.claims import Credentials, TokenError
from stdbpy.server.config import ServerConfig
from stdbpy.server.energy import EnergyBalances
from stdbpy.server.functions import Functions
from stdbpy.server.refusal import BAD_REQUEST, NOT_FOUND, UNAUTHORIZED, RefusalError, refuse, refuse_for
from stdbpy.server.tokens import TokenAuthority
from stdbpy.server.traffic import Traffic
from stdbpy.server.waiting import WaitingRoom

_BEARER = b"bearer "


@dataclass(frozen=True, slots=True)
class Backend:
    engine: Engine
    tokens: TokenAuthority
    owner: Credentials
    config: ServerConfig
    functions: Functions = field(default_factory=Functions)
    energy: EnergyBalances = field(default_factory=EnergyBalances)
    traffic: Traffic = field(default_factory=Traffic)
    waiting: WaitingRoom = field(default_factory=WaitingRoom)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server is about to end: what would go on for ever stops."""

    def credentials(self, authorization: bytes | None, token: str | None) -> Credentials | None:
        """Those of the ``Authorization`` header, or else of the query's ``token``; ``None`` without
        either. Refuses what is no token of this server, and none of an issuer whose keys are known."""
        token = _token(authorization, token)
        try:
            return self.tokens.check(token) if token is not None else None
        except TokenError as error:
            raise _refusal(error) from None

    async def authenticate(self, authorization: bytes | None, token: str | None) -> Credentials | None:
        """As :meth:`credentials`, and asks issuers for their keys."""
        token = _token(authorization, token)
        try:
            return await self.tokens.check_with_issuer(token) if token is not None else None
        except TokenError as error:
            raise _refusal(error) from None

    def find(self, name_or_identity: str) -> Database | None:
        """The database, if there is one. Refuses what is neither a name nor an identity."""
        try:
            return self.engine.database(name_or_identity)
        except InvalidName as error:
            raise refuse_for(error, BAD_REQUEST, "Invalid URL: ") from None
        except DatabaseNotFound:
            return None

    def database(self, name_or_identity: str) -> Database:
        """The database. Refuses if there is none, telling a name that stands for nothing from a
        database that is gone."""
        found = self.find(name_or_identity)
        if found is None:
            if self.is_unknown_name(name_or_identity):
                raise refuse(NOT_FOUND, f"`{name_or_identity}` not found")
            raise refuse(NOT_FOUND, "No such database.")
        return found

    def is_unknown_name(self, text: str) -> bool:
        """Whether it is a name that stands for no identity, not even for that of a deleted database."""
        return as_identity(text) is None and self.engine.resolve(text) is None


def _token(authorization: bytes | None, token: str | None) -> str | None:
    if authorization is None:
        return token
    if authorization[: len(_BEARER)].lower() != _BEARER:
        raise refuse(BAD_REQUEST, "Authorization is invalid: malformed token")
    return authorization[len(_BEARER) :].decode("latin-1").strip()


def _refusal(error: TokenError) -> RefusalError:
    return refuse(UNAUTHORIZED, f"Invalid token: {error}")


def new_connection(caller: Credentials) -> Caller:
    """The caller on a connection of its own, as each HTTP request is one."""
    return Caller(caller.identity, ConnectionId(secrets.token_bytes(16)), caller.payload)
