"""``/v1/energy``: balances, which clients ask for and which mean nothing here."""

from __future__ import annotations

from stdbpy.sats.values import Identity
from stdbpy.server.answer import Answer, json_answer
from stdbpy.server.asked import Asked
from stdbpy.server.refusal import BAD_REQUEST, UNAUTHORIZED, refuse
from stdbpy.server.routes.identities import identity_of_path, required_credentials

LARGEST_AMOUNT = 2**128 - 1
LARGEST_BALANCE = 2**127 - 1


async def balance(asked: Asked) -> Answer:
    return _told(asked, identity_of_path(asked))


async def add(asked: Asked) -> Answer:
    """Gives energy to the caller: the real server does not look at whose path it is either."""
    text = asked.query.get("amount")
    caller = (await required_credentials(asked)).identity
    if text is not None:
        digits = text.removeprefix("+")
        if not (digits.isascii() and digits.isdigit() and int(digits) <= LARGEST_AMOUNT):
            raise refuse(BAD_REQUEST)
        energy = asked.backend.energy
        energy.add(caller, min(int(digits), LARGEST_BALANCE - energy.of(caller)))
    return _told(asked, caller)


async def set_balance(asked: Asked) -> Answer:
    """Nobody may."""
    identity_of_path(asked)
    await required_credentials(asked)
    raise refuse(UNAUTHORIZED)


def _told(asked: Asked, identity: Identity) -> Answer:
    return json_answer({"balance": str(asked.backend.energy.of(identity))})
