"""SpacetimeDB's test of clients that come and go, as a Python module: the schema is that of
``sdk_test_connect_disconnect-2.8.3.wasm``."""

from stdbpy import Identity, ReducerContext, client_connected, client_disconnected, table


@table(public=True)
class Connected:
    identity: Identity


@table(public=True)
class Disconnected:
    identity: Identity


@client_connected
def identity_connected(ctx: ReducerContext) -> None:
    ctx.db.connected.insert(Connected(identity=ctx.sender))


@client_disconnected
def identity_disconnected(ctx: ReducerContext) -> None:
    ctx.db.disconnected.insert(Disconnected(identity=ctx.sender))
