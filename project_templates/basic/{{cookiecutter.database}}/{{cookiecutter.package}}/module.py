"""People, and reducers that add them and greet them."""

from stdbpy import (
    ReducerContext,
    ReducerError,
    Table,
    Tables,
    Unique,
    auto_inc,
    column,
    init,
    reducer,
    table,
    u64,
)


@table(public=True)
class Person:
    id: u64 = auto_inc(primary_key=True)
    name: str = column(unique=True)


class PersonTable(Table[Person]):
    name: Unique[Person, str]


class Db(Tables):
    """Tells editors and type checkers which tables there are."""

    person: PersonTable


class Ctx(ReducerContext):
    db: Db


@init
def start(ctx: Ctx) -> None:
    """Runs once, when the database is made."""
    ctx.db.person.insert(Person(name="Ada"))


@reducer
def add(ctx: Ctx, name: str) -> None:
    name = name.strip()
    if not name:
        raise ReducerError("A person needs a name.")
    if ctx.db.person.name.find(name) is not None:
        raise ReducerError(f"{name} is here already.")
    person = ctx.db.person.insert(Person(name=name))
    ctx.log.info("%s came and has the number %d.", person.name, person.id)


@reducer
def say_hello(ctx: Ctx) -> None:
    for person in ctx.db.person:
        ctx.log.info("Hello, %s!", person.name)
