"""What generated client code imports.

The names are imported when first used: who only wants the types of a module does not wait for sockets.
"""

TYPE_CHECKING = False  # importing it from `typing` would take longer than all else here
if TYPE_CHECKING:
    from stdbpy.client.async_connection import AsyncConnection, Connecting
    from stdbpy.client.binding import ModuleBinding
    from stdbpy.client.builder import DbConnectionBuilder
    from stdbpy.client.calls import Invoke, InvokeProcedure, Outcome, ProcedureCalls, ReducerArguments, ReducerCalls
    from stdbpy.client.connecting import connect, connect_async
    from stdbpy.client.connection import GeneratedClient, LiveConnection
    from stdbpy.client.contexts import EventContext
    from stdbpy.client.event_bus import EventBus, Happening
    from stdbpy.client.http import AsyncHttpDatabase, HttpDatabase
    from stdbpy.client.options import ConnectOptions, SyncConnectOptions
    from stdbpy.client.pending_call import PendingCall
    from stdbpy.client.pool import (
        AsyncPool,
        BreakerPolicy,
        BreakerState,
        ConnectionHealth,
        Endpoint,
        EndpointHealth,
        Pool,
        PoolPolicy,
    )
    from stdbpy.client.query_rows import QueryRows
    from stdbpy.client.row_json import to_json
    from stdbpy.client.stats import Histogram, Stats
    from stdbpy.client.subscription_builder import SubscriptionBuilder
    from stdbpy.client.subscriptions import AsyncSubscription, Subscription
    from stdbpy.client.sync_connection import Connection
    from stdbpy.client.tables import Change, Changes, Deleted, Inserted, Updated
    from stdbpy.client.token_store import FileTokens, KeyringTokens, TokenStore
    from stdbpy.client.transactions import Transaction, Transactions
    from stdbpy.protocol.events import (
        ReconnectedEvent,
        ReducerEvent,
        SubscribeAppliedEvent,
        TransactionEvent,
        UnsubscribeAppliedEvent,
    )
    from stdbpy.protocol.options import ReconnectPolicy
    from stdbpy.protocol.session import State

_HOMES = {
    "stdbpy.client.async_connection": (
        "AsyncConnection",
        "Connecting",
    ),
    "stdbpy.client.binding": ("ModuleBinding",),
    "stdbpy.client.builder": ("DbConnectionBuilder",),
    "stdbpy.client.calls": (
        "Invoke",
        "InvokeProcedure",
        "Outcome",
        "ProcedureCalls",
        "ReducerArguments",
        "ReducerCalls",
    ),
    "stdbpy.client.connecting": (
        "connect",
        "connect_async",
    ),
    "stdbpy.client.connection": (
        "GeneratedClient",
        "LiveConnection",
    ),
    "stdbpy.client.contexts": ("EventContext",),
    "stdbpy.client.event_bus": (
        "EventBus",
        "Happening",
    ),
    "stdbpy.client.http": (
        "AsyncHttpDatabase",
        "HttpDatabase",
    ),
    "stdbpy.client.options": (
        "ConnectOptions",
        "SyncConnectOptions",
    ),
    "stdbpy.client.pending_call": ("PendingCall",),
    "stdbpy.client.pool": (
        "AsyncPool",
        "BreakerPolicy",
        "BreakerState",
        "ConnectionHealth",
        "Endpoint",
        "EndpointHealth",
        "Pool",
        "PoolPolicy",
    ),
    "stdbpy.client.query_rows": ("QueryRows",),
    "stdbpy.client.row_json": ("to_json",),
    "stdbpy.client.stats": (
        "Histogram",
        "Stats",
    ),
    "stdbpy.client.subscription_builder": ("SubscriptionBuilder",),
    "stdbpy.client.subscriptions": (
        "AsyncSubscription",
        "Subscription",
    ),
    "stdbpy.client.sync_connection": ("Connection",),
    "stdbpy.client.tables": (
        "Change",
        "Changes",
        "Deleted",
        "Inserted",
        "Updated",
    ),
    "stdbpy.client.token_store": (
        "FileTokens",
        "KeyringTokens",
        "TokenStore",
    ),
    "stdbpy.client.transactions": (
        "Transaction",
        "Transactions",
    ),
    "stdbpy.protocol.events": (
        "ReconnectedEvent",
        "ReducerEvent",
        "SubscribeAppliedEvent",
        "TransactionEvent",
        "UnsubscribeAppliedEvent",
    ),
    "stdbpy.protocol.options": ("ReconnectPolicy",),
    "stdbpy.protocol.session": ("State",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # to which it would make every name one that is there

    def __getattr__(name: str) -> object:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        thing = globals()[name] = getattr(import_module(home), name)
        return thing


__all__ = [
    "AsyncConnection",
    "AsyncHttpDatabase",
    "AsyncPool",
    "AsyncSubscription",
    "BreakerPolicy",
    "BreakerState",
    "Change",
    "Changes",
    "ConnectOptions",
    "Connecting",
    "Connection",
    "ConnectionHealth",
    "DbConnectionBuilder",
    "Deleted",
    "Endpoint",
    "EndpointHealth",
    "EventBus",
    "EventContext",
    "FileTokens",
    "GeneratedClient",
    "Happening",
    "Histogram",
    "HttpDatabase",
    "Inserted",
    "Invoke",
    "InvokeProcedure",
    "KeyringTokens",
    "LiveConnection",
    "ModuleBinding",
    "Outcome",
    "PendingCall",
    "Pool",
    "PoolPolicy",
    "ProcedureCalls",
    "QueryRows",
    "ReconnectPolicy",
    "ReconnectedEvent",
    "ReducerArguments",
    "ReducerCalls",
    "ReducerEvent",
    "State",
    "Stats",
    "SubscribeAppliedEvent",
    "Subscription",
    "SubscriptionBuilder",
    "SyncConnectOptions",
    "TokenStore",
    "Transaction",
    "TransactionEvent",
    "Transactions",
    "UnsubscribeAppliedEvent",
    "Updated",
    "connect",
    "connect_async",
    "to_json",
]
