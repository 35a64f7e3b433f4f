"""Row-level security: who may see which rows."""

from stdbpy import Identity, ReducerContext, client_visibility_filter, column, reducer, table


@table(public=True)
class Letter:
    to: Identity = column(index="btree")
    text: str


client_visibility_filter("SELECT * FROM letter WHERE to = :sender")


@table
class Diary:
    """Private: for the owner of the database alone."""

    text: str


@reducer
def write_letters(ctx: ReducerContext, to: list[Identity]) -> None:
    ctx.db.letter.clear()
    for place, identity in enumerate(to):
        ctx.db.letter.insert(Letter(to=identity, text=f"letter {place}"))
    ctx.db.diary.clear()
    ctx.db.diary.insert(Diary(text=f"wrote {len(to)} letters"))
