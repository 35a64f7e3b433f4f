"""What conversations can be about: modules, and what one may ask and do there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from stdbpy.module.package import ModuleSource
from stdbpy.wasm.build import build_wasm
from stdbpy.wasm.interpreter import BuildLimits
from tests import real_servers
from tests.contract.side_by_side.conversations.words import Call, Somebody

CLIENTS = ("A", "B", "C")


@dataclass(frozen=True)
class World:
    programs: Callable[[Path | None], Sequence[bytes]]
    """The one that is published, and those to update it with. What takes long to make is kept in the folder."""
    mark: str
    """A public table with one column ``n`` of ``u16``, which nobody else changes."""
    query: Callable[[Random], str]
    reducer: Callable[[Random], Call]
    procedure: Callable[[Random], Call]
    statement: Callable[[Random], str]
    """Of the owner."""


BAD_QUERIES = (
    "SELEC",
    "",
    "SELECT * FROM nothing",
    "INSERT INTO one_u_8 (n) VALUES (9)",
    "SELECT * FROM st_view_sub",
    "SELECT * FROM st_row_level_security ; ",
    "SET x = 1",
)


def _chosen(random: Random, *often: tuple[int, Callable[[], Call]]) -> Call:
    return random.choices([make for _, make in often], [weight for weight, _ in often])[0]()


# --- the compiled test module --------------------------------------------------------------------

_SMALL = ("one_u_8", "pk_u_8", "unique_u_8", "one_string", "vec_u_8", "pk_identity", "one_identity")
_JOINS = (
    "SELECT a.* FROM pk_u_8 a JOIN unique_u_8 b ON a.n = b.n",
    "SELECT b.* FROM pk_u_8 a JOIN unique_u_8 b ON a.n = b.n",
    "SELECT a.* FROM pk_u_8 a JOIN unique_u_8 b ON a.n = b.n WHERE b.data = {small}",
    "SELECT b.* FROM pk_u_8 a JOIN unique_u_8 b ON a.n = b.n WHERE a.data > {small}",
    "SELECT a.* FROM unique_u_8 a JOIN pk_u_8 b ON a.n = b.n WHERE a.n > {small} AND b.data > {small}",
    "SELECT a.* FROM one_u_8 a JOIN pk_u_8 b ON a.n = b.n",
    "SELECT a.* FROM pk_u_8 a JOIN one_u_8 b ON a.n = b.n",
)
_ODD = (
    "SELECT n FROM one_u_8",
    "SELECT * FROM one_u_8 LIMIT 1000",
    "SELECT COUNT(*) AS c FROM one_u_8",
    "SELECT COUNT(*) AS c FROM pk_u_8 WHERE data = {small}",
    "SELECT * FROM pk_u_8 WHERE n = 300",
    "SELECT * FROM one_identity WHERE i = :sender",
    "SELECT * FROM pk_identity WHERE i = :sender",
    "SELECT * FROM st_table WHERE table_name = 'one_u_8'",
    "SELECT * FROM one_u_8 WHERE n = 1 AND n = 2",
    "SELECT * FROM one_string WHERE s = 'x'",
    "SELECT pk_u_8.* FROM pk_u_8, unique_u_8",
)


def _sdk_query(random: Random) -> str:
    small = random.choice((0, 1, 2, 3))
    table = random.choice(_SMALL[:3])
    comparison = random.choice(("=", "<", ">", "<>"))
    text = random.choices(
        (
            f"SELECT * FROM {random.choice(_SMALL)}",
            f"SELECT * FROM {table} WHERE n {comparison} {{small}}",
            f"SELECT * FROM {random.choice(_SMALL[1:3])} WHERE n = {{small}} OR data {comparison} {{small}}",
            random.choice(_JOINS),
            random.choice(_ODD),
            random.choice(BAD_QUERIES),
        ),
        (4, 4, 2, 4, 2, 1),
    )[0]
    return text.format(small=small)


def _sdk_reducer(random: Random) -> Call:
    byte = random.choice((0, 1, 2, 3))
    data = random.choice((0, 1, 2, -1))
    table = random.choice(("pk_u_8", "unique_u_8"))
    long_text = "x" * random.choice((1, 3, 2000))
    spoiled = (
        (b"", "[]"),
        (b"\x01", "[1]"),
        (b"\xff" * 3, '["a", 1]'),
        (b"\x01\0\0\0\0\0", "[1, 0, 2]"),
        (b"\0" * 4, "{}"),
        (b"\x01\x02\0\0\0", "[1, 2"),
    )
    without = ("no_op_succeeds", "insert_caller_pk_identity", "insert_caller_one_identity", "nothing", "one_u_8")
    return _chosen(
        random,
        (6, lambda: Call("insert_one_u_8", (byte,))),
        (2, lambda: Call("delete_all_one_u_8", (byte,)) if random.random() < 0.1 else Call("insert_one_u_8", (9,))),
        (4, lambda: Call(f"insert_{table}", (byte, data))),
        (3, lambda: Call(f"update_{table}", (byte, data))),
        (3, lambda: Call(f"delete_{table}", (byte,))),
        (1, lambda: Call("insert_one_string", (long_text,))),
        (1, lambda: Call("insert_vec_u_8", (b"\1" * len(long_text),))),
        (2, lambda: Call(random.choice(without), (b"", "[]"), is_spoiled=True)),
        (2, lambda: Call("insert_pk_u_8", random.choice(spoiled), is_spoiled=True)),
    )


def _sdk_procedure(random: Random) -> Call:
    return Call(random.choice(("nothing", "insert_one_u_8")), (b"", "[]"), is_spoiled=True)


def _sdk_statement(random: Random) -> str:
    byte, data = random.choice((0, 1, 2, 3)), random.choice((0, 1, 2, -1))
    return random.choice(
        (
            f"INSERT INTO one_u_8 (n) VALUES ({byte})",
            f"INSERT INTO pk_u_8 (n, data) VALUES ({byte}, {data})",
            f"DELETE FROM one_u_8 WHERE n > {byte}",
            f"DELETE FROM unique_u_8 WHERE n < {byte}",
            f"UPDATE pk_u_8 SET data = {data} WHERE n > {byte}",
            f"UPDATE unique_u_8 SET data = {data}",
            f"UPDATE pk_u_8 SET n = {byte} WHERE data = {data}",
            "DELETE FROM pk_u_8",
        )
    )


SDK_TEST = World(
    programs=lambda _: [real_servers.wasm("sdk_test-2.8.3")],
    mark="one_u_16",
    query=_sdk_query,
    reducer=_sdk_reducer,
    procedure=_sdk_procedure,
    statement=_sdk_statement,
)
"""Quick to publish; without views, rules, events and procedures."""


# --- the module of these tests, in Python ---------------------------------------------------------

_SQUARE_QUERIES = (
    "SELECT * FROM item",
    "SELECT * FROM item WHERE size > {small}",
    "SELECT * FROM item WHERE owner = :sender",
    "SELECT * FROM item WHERE kind = 'a' AND size <= {small}",
    "SELECT * FROM ping",
    "SELECT * FROM ping WHERE who = :sender",
    "SELECT * FROM ping WHERE n > {small}",
    "SELECT * FROM mine",
    "SELECT * FROM mine WHERE text = 'a'",
    "SELECT * FROM big",
    "SELECT * FROM big WHERE kind = 'a'",
    "SELECT * FROM big_query",
    "SELECT * FROM first_note",
    "SELECT * FROM note",
    "SELECT * FROM note WHERE text = 'a'",
    "SELECT * FROM friend WHERE a = :sender OR b = :sender",
    "SELECT * FROM secret",
    "SELECT * FROM present",
    "SELECT * FROM later",
    "SELECT i.* FROM item i JOIN friend f ON i.owner = f.b",
    "SELECT i.* FROM item i JOIN friend f ON i.owner = f.b WHERE f.a = :sender",
    "SELECT f.* FROM friend f JOIN item i ON f.b = i.owner WHERE i.size > {small}",
    "SELECT n.* FROM note n JOIN friend f ON n.owner = f.a",
    "SELECT f.* FROM friend f JOIN note n ON n.owner = f.a",
    "SELECT i.* FROM item i JOIN note n ON n.owner = i.owner",
    "SELECT b.* FROM big b JOIN friend f ON b.owner = f.b",
    "SELECT f.* FROM friend f JOIN big b ON b.owner = f.b",
    "SELECT m.* FROM mine m JOIN friend f ON m.owner = f.a",
    "SELECT p.* FROM ping p JOIN friend f ON p.who = f.b",
    "SELECT f.* FROM friend f JOIN ping p ON p.who = f.b",
    "SELECT p.* FROM present p JOIN friend f ON p.who = f.b",
    "SELECT COUNT(*) AS n FROM item",
    "SELECT * FROM *",
)


_MISFITS = ((b"\1\0\0\0", "[1]"), (b"", '{"text": "z"}'), (b"\1\0\0\0z\0", '["z", 1]'))
"""The last with more than a text."""


def _square_query(random: Random) -> str:
    if random.random() < 0.05:
        return random.choice(BAD_QUERIES)
    return random.choice(_SQUARE_QUERIES).format(small=random.choice((0, 5, 11)))


def _square_reducer(random: Random) -> Call:
    kind, size = random.choice("ab"), random.choice((0, 6, 11, 12))
    return _chosen(
        random,
        (4, lambda: Call("add", (kind, size))),
        (2, lambda: Call("resize", (random.randrange(1, 9), size))),
        (1, lambda: Call("drop", (kind,))),
        (1, lambda: Call("renew", (kind,))),
        (3, lambda: Call("ping", (random.choice((1, 5, 13, 14)), random.choice((0, 1, 2))))),
        (2, lambda: Call("hide", (random.choice(("a", "b", "x" * 1500)),))),
        (1, lambda: Call("forget", ())),
        (2, lambda: Call("write", (random.choice("abcd"),))),
        (2, lambda: Call("befriend", (Somebody(random.choice(CLIENTS)),))),
        (1, lambda: Call(random.choice(("nope", "twice", "connected")), (b"", "[]"), is_spoiled=True)),
        (1, lambda: Call("write", random.choice(_MISFITS), is_spoiled=True)),
    )


def _square_procedure(random: Random) -> Call:
    return _chosen(
        random,
        (4, lambda: Call("twice", (random.choice("ab"), random.random() < 0.5))),
        (1, lambda: Call("fails_at_once", ())),
        (1, lambda: Call(random.choice(("nope", "add", "twice")), (b"", "[]"), is_spoiled=True)),
    )


def _square_statement(random: Random) -> str:
    return random.choice(
        (
            "DELETE FROM item WHERE size > 6",
            "UPDATE item SET size = 11 WHERE kind = 'a'",
            "UPDATE item SET kind = 'b' WHERE size < 7",
            "DELETE FROM friend",
            "DELETE FROM secret",
            "UPDATE note SET text = 'q' WHERE text = 'a'",
            "DELETE FROM note WHERE text = 'b'",
            "INSERT INTO ping (n, who) VALUES (7, :sender)",
            "INSERT INTO friend (id, a, b) VALUES (0, :sender, :sender)",
        )
    )


@cache
def _square_programs(kept: Path | None) -> Sequence[bytes]:
    """The module, with one more table, and with one column more."""
    text = (Path(__file__).parent / "square" / "__init__.py").read_text()
    more = text + "\n\n@table(public=True)\nclass Later:\n    n: u32\n"
    wider = more.replace(
        '    size: i16 = column(index="btree")\n',
        '    size: i16 = column(index="btree")\n    weight: u32 = column(default=7)\n',
    )
    assert text != more != wider
    return [
        build_wasm(
            ModuleSource({"square.py": one.encode()}, "square"), cache=kept, limits=BuildLimits(seconds=120)
        ).program
        for one in (text, more, wider)
    ]


SQUARE = World(
    programs=_square_programs,
    mark="mark",
    query=_square_query,
    reducer=_square_reducer,
    procedure=_square_procedure,
    statement=_square_statement,
)
"""With all that a module can have; its WebAssembly is made here, which takes a while."""

WORLDS = {"sdk_test": SDK_TEST, "square": SQUARE}
