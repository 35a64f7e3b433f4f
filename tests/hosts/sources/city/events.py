"""Event tables."""

from stdbpy import ReducerContext, ReducerError, reducer, table, u32


@table(public=True, event=True)
class Bell:
    tower: str
    strokes: u32


@reducer
def ring(ctx: ReducerContext, tower: str, strokes: u32) -> None:
    ctx.db.bell.insert(Bell(tower=tower, strokes=strokes))
    if not strokes:
        raise ReducerError("a bell rings once at least")
