"""Energy: what reducers use up where SpacetimeDB is rented. Nothing uses it here, as on a real server of one's own."""

from __future__ import annotations

from collections import OrderedDict

from stdbpy.sats.values import Identity

MOST_BALANCES = 10_000
"""Anybody can make identities and give energy to each: the balances that were changed last are remembered."""


class EnergyBalances:
    """How much energy identities have. They are kept as long as the server runs."""

    def __init__(self) -> None:
        self._balances: OrderedDict[Identity, int] = OrderedDict()

    def of(self, identity: Identity) -> int:
        return self._balances.get(identity, 0)

    def add(self, identity: Identity, amount: int) -> None:
        self._balances[identity] = self._balances.pop(identity, 0) + amount
        if len(self._balances) > MOST_BALANCES:
            self._balances.popitem(last=False)
