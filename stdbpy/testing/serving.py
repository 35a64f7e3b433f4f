"""A server in front of a database under test, from when a test first wants a real client."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from stdbpy.engine import Engine
from stdbpy.engine.database import Database
from stdbpy.engine.names import identity_from_claims
from stdbpy.errors import UsageError
from stdbpy.sats.values import Identity
from stdbpy.server import RunningServer
from stdbpy.testing.clock import FrozenClock

NAME = "test"
"""What the server calls the database."""

_OF_EVERY_TOKEN = frozenset({"hex_identity", "sub", "iss", "aud"})
_ISSUER = "localhost"


class Serving:
    """The server, at a free port of this machine."""

    def __init__(self, database: Database, clock: FrozenClock) -> None:
        self._database = database
        self._clock = clock
        self._server: RunningServer | None = None
        self._until_closed = ExitStack()

    @property
    def server(self) -> RunningServer:
        """Starts it, if it does not run yet."""
        if self._server is None:
            engine = Engine(None, clock=self._clock)
            engine.adopt(self._database, NAME)
            self._server = self._until_closed.enter_context(RunningServer(engine=engine))
        return self._server

    def token(self, identity: Identity, claims: Mapping[str, Any] | None) -> str:
        """A token of that identity with these claims, signed by the server. Raises ``UsageError`` for what it cannot
        sign."""
        if claims is None:
            raise UsageError("an identity without claims has no token", hint='Name a user instead: as_("alice").')
        issuer = claims.get("iss", _ISSUER)
        if issuer != _ISSUER:
            raise UsageError(
                f"the server of the test signs no tokens of the issuer {issuer!r}",
                hint="Call in process, where no token is needed, or leave `iss` out.",
            )
        # Whoever shows a token is who its issuer and subject say.
        if identity != identity_from_claims(_ISSUER, str(claims.get("sub"))):
            raise UsageError(
                f"no token with these claims is one of the identity {identity.hex()}",
                hint='Name a user instead: as_("alice", claims={...}).',
            )
        extra = {name: value for name, value in claims.items() if name not in _OF_EVERY_TOKEN}
        return self.server.backend.tokens.issue(str(claims["sub"]), extra).token

    def close(self) -> None:
        self._until_closed.close()
