"""SpacetimeDB's test of event tables, as a Python module: the schema is that of ``sdk_test_event_table-2.8.3.wasm``."""

from stdbpy import ReducerContext, reducer, table, u64


@table(public=True, event=True)
class TestEvent:
    name: str
    value: u64


@reducer
def emit_test_event(ctx: ReducerContext, name: str, value: u64) -> None:
    ctx.db.test_event.insert(TestEvent(name=name, value=value))


@reducer
def emit_multiple_test_events(ctx: ReducerContext) -> None:
    for value, name in enumerate("abc", start=1):
        ctx.db.test_event.insert(TestEvent(name=name, value=value))


@reducer
def noop(ctx: ReducerContext) -> None:
    pass
