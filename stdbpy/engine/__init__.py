"""The embedded SpacetimeDB: tables in memory, transactions, durability, module hosts. It knows no HTTP."""

from importlib.util import find_spec

from stdbpy.errors import MissingExtra

if find_spec("blake3") is None:
    raise MissingExtra("The embedded server", "server")

from stdbpy.engine.awaited import Awaited
from stdbpy.engine.database import Database
from stdbpy.engine.delta import Commit, Delta
from stdbpy.engine.engine import Engine
from stdbpy.engine.logs import LogStore
from stdbpy.engine.results import Caller, CallOutcome, ProcedureOutcome, PublishResult, StatementResult
from stdbpy.engine.store.index import Excluded, Included
from stdbpy.engine.transaction import Transaction
from stdbpy.engine.update_plan import Agreement, UpdatePlan

__all__ = [
    "Agreement",
    "Awaited",
    "CallOutcome",
    "Caller",
    "Commit",
    "Database",
    "Delta",
    "Engine",
    "Excluded",
    "Included",
    "LogStore",
    "ProcedureOutcome",
    "PublishResult",
    "StatementResult",
    "Transaction",
    "UpdatePlan",
]
