"""``@table(outbox=...)``: what a module declares, what is wrong with it, and what its reducers can do with the rows."""

from __future__ import annotations

import re

import pytest

from stdbpy.sats.types import Primitive, product
from stdbpy.sats.values import Err, Identity, Ok
from stdbpy.schema.definition import read_module_def, write_module_def
from stdbpy.schema.model import Outbox, Reducer, Visibility
from stdbpy.schema.signature_hash import signature_hash
from stdbpy.schema.validate import validate
from tests.module.marked_problems import expect_problems
from tests.module.running import load_code, problems_of, run

PING = """
@remote_reducer(name="wire_ping")
def receive(body: str) -> None: ...

@table(outbox=receive, on_result="heard")
class Ping:
    id: u64 = auto_inc(primary_key=True)
    audit: str = ""
    text: str = column(param="body")
    to: Identity = column(target=True)
    level: u8 = column(index="btree", default=0)

@reducer
def heard(ctx: ReducerContext, ping: Ping, result: RemoteResult) -> None:
    match result:
        case Ok():
            ctx.log.info("%s was heard", ping.text)
        case Err(reason):
            ctx.log.info("%s was not heard: %s", ping.text, reason)
"""

SIGNATURE = int.from_bytes(signature_hash(Reducer("", "", product(("body", Primitive.STRING))), ()), "little")


def test_what_is_declared() -> None:
    schema = load_code(PING).schema
    [table], [reducer] = schema.tables, schema.reducers
    assert table.outbox == Outbox("wire_ping", 3, (2,), "heard", SIGNATURE)
    assert reducer.visibility is Visibility.PRIVATE
    assert list(validate(schema)) == []
    written = read_module_def(write_module_def(schema))
    assert written.tables[0].outbox == table.outbox


def test_a_reducer_of_the_same_module_elsewhere() -> None:
    """As databases call each other that run the same."""
    schema = load_code("""
        @table(outbox="receive")
        class Ping:
            id: u64 = auto_inc(primary_key=True)
            to: Identity = column(target=True)
            body: str

        @reducer
        def receive(ctx: ReducerContext, body: str) -> None: ...
    """).schema
    assert schema.tables[0].outbox == Outbox("receive", 1, (2,), None, SIGNATURE)
    assert schema.reducers[0].visibility is Visibility.CLIENT_CALLABLE


def test_a_reducer_of_the_same_module_mounted_elsewhere() -> None:
    chat = """
        from stdbpy import *

        @table(outbox="receive")
        class Ping:
            id: u64 = auto_inc(primary_key=True)
            to: Identity = column(target=True)

        @reducer
        def receive(ctx: ReducerContext) -> None: ...
    """
    schema = load_code("import chat\nmount(chat, 'talk')", files={"chat.py": chat}).schema
    [submodule] = schema.submodules
    outbox = submodule.schema.tables[0].outbox
    assert outbox is not None
    assert outbox.remote_reducer == "talk.receive"


def test_arguments_are_in_the_order_of_the_parameters() -> None:
    """Of types that another module names, as classes of this one; what is the target can be sent, too."""
    schema = load_code("""
        from dataclasses import dataclass
        from enum import Enum, auto

        class Kind(Enum):
            A = auto()
            B = auto()

        @dataclass
        class Item:
            kind: Kind
            names: list[str]

        @remote_reducer
        def put(items: list[Item], to: Identity, kind: Kind | None) -> None: ...

        @table(outbox=put)
        class Put:
            id: u64 = auto_inc(primary_key=True)
            kind: Kind | None
            to: Identity = column(target=True)
            items: list[Item]
    """).schema
    outbox = schema.tables[0].outbox
    assert outbox is not None
    assert (outbox.target_column, outbox.arg_columns) == (2, (3, 2, 1))
    assert "Item" in [each.name for each in schema.types]


def test_what_the_other_module_has_is_none_of_this_ones_types() -> None:
    schema = load_code("""
        from dataclasses import dataclass

        @dataclass
        class Theirs:
            x: u8

        @dataclass
        class Ours:
            x: u8

        @remote_reducer
        def put(it: Theirs) -> None: ...

        @table(outbox=put)
        class Put:
            id: u64 = auto_inc(primary_key=True)
            to: Identity = column(target=True)
            it: Ours
    """).schema
    assert [each.name for each in schema.types] == ["Ours", "Put"]


CASES = {
    "no key": """
        @table(outbox="echo")  # E: outbox 'ping' needs a primary key of type u64 that numbers itself | id: u64 =
        class Ping:
            to: Identity = column(target=True)

        @reducer
        def echo(ctx) -> None: ...
    """,
    "keys that do not number themselves, or are of another type": """
        @table(name="one", outbox="echo")  # E: outbox 'one' needs a primary key
        class One:
            id: u64 = column(primary_key=True)
            to: Identity = column(target=True)

        @table(name="two", outbox="echo")  # E: outbox 'two' needs a primary key
        class Two:
            id: u32 = auto_inc(primary_key=True)
            to: Identity = column(target=True)

        @reducer
        def echo(ctx) -> None: ...
    """,
    "no target": """
        @table(outbox="echo")  # E: outbox 'ping' has no column that says which database a row is for | to: Identity =
        class Ping:
            id: u64 = auto_inc(primary_key=True)
            to: Identity

        @reducer
        def echo(ctx) -> None: ...
    """,
    "targets that are none": """
        @table(outbox="echo")
        class Ping:
            id: u64 = auto_inc(primary_key=True)
            to: ConnectionId = column(target=True)  # E: Ping.to has to be the identity of a database | to: Identity
            also: Identity = column(target=True)  # E: 'to' says already which database

        @reducer
        def echo(ctx) -> None: ...
    """,
    "reducers that are not there": """
        @table(outbox="ecko", on_result="hear")  # E: .* tells 'hear' .* | .*'heard' # E: .* calls 'ecko'.* | .*'echo'
        class Ping:
            id: u64 = auto_inc(primary_key=True)
            to: Identity = column(target=True)

        @table(outbox="begin", on_result="nobody")  # E: .* | Write one: def nobody\\(ctx: R # E: .*'begin'
        class Pong:
            id: u64 = auto_inc(primary_key=True)
            to: Identity = column(target=True)

        @init
        def begin(ctx) -> None: ...

        @reducer
        def echo(ctx) -> None: ...

        @reducer
        def heard(ctx, ping: Ping, result: RemoteResult) -> None: ...
    """,
    "a reducer that is told something else": """
        @table(outbox="heard", on_result="heard")  # E: .* has to take a row and | def heard\\(.* row: Ping,
        class Ping:
            id: u64 = auto_inc(primary_key=True)
            to: Identity = column(target=True)
            ping: str

        @reducer
        def heard(ctx, ping: str) -> None: ...
    """,
    "parameters without columns": """
        @remote_reducer
        def receive(body: str, size: u8) -> None: ...

        @table(outbox=receive)  # E: .* no column for 'body', which 'receive' | # E: .*'size' .* | Add one, size: u8
        class Ping:
            id: u64 = auto_inc(primary_key=True)
            to: Identity = column(target=True)
            bodi: str
    """,
    "columns without parameters": """
        @remote_reducer
        def receive(body: str) -> None: ...

        @table(outbox=receive)
        class Ping:
            id: u64 = auto_inc(primary_key=True)
            to: Identity = column(target=True)
            body: str
            text: str = column(param="bodi")  # E: 'receive', which outbox .* has no parameter 'bodi' | .*'body'
            more: str = column(param="body")  # E: 'body' is sent as 'body' already
    """,
    "other types": """
        from dataclasses import dataclass

        @dataclass
        class Item:
            size: u8

        @remote_reducer
        def receive(body: str, item: Item) -> None: ...

        @dataclass
        class Thing:
            width: u8

        @table(outbox=receive)
        class Ping:
            id: u64 = auto_inc(primary_key=True)
            to: Identity = column(target=True)
            body: u32  # E: Ping.body is u32, but 'receive' takes str for 'body'
            item: Thing  # E: Ping.item is Thing, but 'receive' takes Item for 'item' | Both have to be the same
    """,
    "a declaration that is none of a reducer": """
        @remote_reducer
        def receive(
            ctx: ReducerContext,  # E: receive.ctx is the context, which the other database gives | Leave it out
            a,  # E: receive.a has no annotation | Say its type
            b: int,
            *,
            c: str,  # E: receive.c is no parameter that a reducer can have
        ) -> None: ...

        @table(outbox=receive)
        class Ping:
            id: u64 = auto_inc(primary_key=True)
            to: Identity = column(target=True)
    """,
    "a type that SpacetimeDB cannot hold": """
        @remote_reducer
        def receive(
            body: int,  # E: receive.body: int is not a type that SpacetimeDB can hold | Say how many bits
        ) -> None: ...

        @table(outbox=receive)
        class Ping:
            id: u64 = auto_inc(primary_key=True)
            to: Identity = column(target=True)
    """,
    "tables that are no outboxes": """
        @table
        class Ping:
            to: Identity = column(target=True)  # E: Ping.to has a target, but no outbox has such rows
            body: str = column(param="text")  # E: Ping.body has a param
    """,
    "what servers refuse": """
        @table(outbox="echo", event=True)  # E: table ping.outbox: an outbox is neither an event table
        class Ping:
            id: u64 = auto_inc(primary_key=True)
            to: Identity = column(target=True)

        @reducer
        def echo(ctx) -> None: ...
    """,
}


@pytest.mark.parametrize("case", CASES)
def test_problems(case: str) -> None:
    expect_problems(CASES[case])


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("@table(on_result='heard')\nclass A:\n    x: u8", "on_result is for outboxes"),
        ("@table(outbox='a', on_result=len)\nclass A:\n    x: u8", "takes the name of a reducer.*on_result='len'"),
        ("@reducer\ndef a(ctx): ...\n@table(outbox=a)\nclass A:\n    x: u8", "outbox='a'.*@remote_reducer"),
        ("@table(outbox=3)\nclass A:\n    x: u8", "outbox takes what @remote_reducer declares.*not 3"),
        ("@table(outbx='a')\nclass A:\n    x: u8", "Did you mean 'outbox'"),
        ("@remote_reducer\nclass A: ...", "@remote_reducer stands above a function"),
        ("@remote_reducer(name=3)\ndef a(): ...", "a name is text"),
        ("@remote_reducer\ndef a(): ...\na()", "a runs in another database"),
        ("class A:\n    x: u8 = column(param=3)", "param takes the name of a parameter"),
    ],
)
def test_what_python_refuses(code: str, message: str) -> None:
    [problem] = problems_of(code)
    assert re.search(message, problem.message + problem.hint), problem


USE = (
    PING
    + """
@reducer
def send(ctx: ReducerContext, to: Identity, text: str) -> None:
    ping = ctx.db.ping.insert(Ping(to=to, text=text))
    assert ctx.db.ping.id.find(ping.id) == ping
    assert list(ctx.db.ping.level.filter(0)) == list(ctx.db.ping)

@reducer
def take_back(ctx: ReducerContext, how: u8) -> None:
    ping = Ping(id=1, to=Identity.from_int(7), text="hello")
    [
        lambda: ctx.db.ping.delete(ping),
        lambda: ctx.db.ping.clear(),
        lambda: ctx.db.ping.id.delete(1),
        lambda: ctx.db.ping.id.update(ping),
        lambda: ctx.db.ping.level.delete(0),
        lambda: ctx.db.ping.level.delete(at_least(0)),
    ][how]()
"""
)


def test_rows_can_be_read() -> None:
    module = run(USE)
    module.call("send", Identity.from_int(7), "hello")
    assert module.rows("ping") == [(1, "", "hello", Identity.from_int(7), 0)]


@pytest.mark.parametrize("how", range(6))
def test_rows_cannot_be_taken_back(how: int) -> None:
    module = run(USE)
    module.call("send", Identity.from_int(7), "hello")
    with pytest.raises(TypeError, match=r"ping\..*rows of an outbox stay until it is known what became of them"):
        module.call("take_back", how)
    assert len(module.rows("ping")) == 1


def test_who_is_told_gets_a_row_and_the_result() -> None:
    module = run(PING)
    row = (1, "", "hello", Identity.from_int(7), 0)
    module.call("heard", row, Ok(()))
    module.call("heard", row, Err("nobody there"))
    assert module.messages == ["hello was heard", "hello was not heard: nobody there"]
