"""A module that ``guild`` mounts."""

from stdbpy import Identity, ReducerContext, Table, Tables, column, reducer, table


@table(public=True)
class User:
    identity: Identity = column(primary_key=True)
    name: str


class Db(Tables):
    user: Table[User]


class Ctx(ReducerContext):
    db: Db


@reducer
def sign_up(ctx: Ctx, name: str) -> None:
    ctx.db.user.insert(User(identity=ctx.sender, name=name or str([][0])))
