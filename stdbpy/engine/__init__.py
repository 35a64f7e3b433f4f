"""The embedded SpacetimeDB: tables in memory, transactions, durability, module hosts. It knows no HTTP."""

from stdbpy.engine.results import Caller, CallOutcome, PublishResult, StatementResult
from stdbpy.engine.store.index import Excluded, Included
from stdbpy.engine.store.store import Store
from stdbpy.engine.transaction import Transaction

__all__ = [
    "CallOutcome",
    "Caller",
    "Excluded",
    "Included",
    "PublishResult",
    "StatementResult",
    "Store",
    "Transaction",
]
