"""Exchanges about energy, in which servers count what databases use. Where nobody is billed for it, lack of it
stops nothing.

``PUT /v1/energy/…``, which would set a balance, has no exchange: servers refuse it to everybody.
"""

from __future__ import annotations

import msgspec

from stdbpy.api.answers import read_json
from stdbpy.api.exchange import Exchange, Request, Response, path_of
from stdbpy.errors import EncodeError, UnexpectedAnswer
from stdbpy.sats.values import Identity


class _BalanceAnswer(msgspec.Struct):
    balance: str


def energy_of(identity: Identity) -> Exchange[int]:
    return _balance((yield Request("GET", path_of("energy", identity.hex()))))


def add_energy(identity: Identity, amount: int) -> Exchange[int]:
    if not 0 <= amount < 1 << 128:
        raise EncodeError(f"{amount} cannot be added to a balance: it is no u128")
    return _balance((yield Request("POST", path_of("energy", identity.hex()), {"amount": str(amount)})))


def _balance(response: Response) -> int:
    text = read_json(response, _BalanceAnswer).balance
    try:
        return int(text)
    except ValueError:
        raise UnexpectedAnswer(
            f"the server's answer is no balance: {text!r}", status=response.status, body=response.text
        ) from None
