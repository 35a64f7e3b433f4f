"""What came with version 2: views, procedures, HTTP, event tables, claims, modules inside modules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import jwt
import pytest

from stdbpy.api import ApiClient
from stdbpy.errors import ReducerFailed
from stdbpy.protocol.v2 import messages as m2
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.types import Primitive, product
from stdbpy.sats.values import Err, Identity, Ok
from tests.contract.issuer import new_ec_key, running_issuer
from tests.contract.websocket import V2, connected, rows_of
from tests.hosts.town import Town, on, place

pytestmark = on("native", hosts=("native", "strict", "wasm", "2.8.3"))

BELL = compile_codec(product(("tower", Primitive.STRING), ("strokes", Primitive.U32)))


@pytest.fixture
def somebody(town: Town) -> Iterator[tuple[Identity, ApiClient]]:
    with ApiClient(town.url) as nobody:
        made = nobody.create_identity()
    with ApiClient(town.url, made.token) as api:
        yield made.identity, api


# --- views ---------------------------------------------------------------------------------------


def test_views(town: Town, somebody: tuple[Identity, ApiClient]) -> None:
    me, api = somebody
    town.call("move_out")
    town.call("settle", me, "Ann", 17, ["Rex", "Tom"])
    town.call("settle", Identity.from_int(2), "Bob", 70, ["Ivy"])
    town.call("settle", Identity.from_int(3), "Nemo", 30, [])
    names = {name: id for id, name in town.rows("SELECT id, name FROM citizen")}

    assert town.rows("SELECT name, age FROM myself", api=api) == [("Ann", 17)]
    assert town.rows("SELECT * FROM myself") == []
    assert town.rows("SELECT name FROM my_pets", api=api) == [("Rex",), ("Tom",)]
    assert town.rows("SELECT * FROM elders", api=api) == [(names["Bob"], "BOB")]
    assert town.rows("SELECT name FROM adults", api=api) == [("Bob",)]
    assert town.rows("SELECT name FROM pets_of_elders", api=api) == [("Ivy",)]

    town.call("grow_older", "Ann", 50)
    assert town.rows("SELECT name, age FROM myself", api=api) == [("Ann", 67)]
    assert [name for _, name in town.rows("SELECT * FROM elders")] == ["ANN", "BOB"]
    assert town.rows("SELECT name FROM adults") == [("Ann",), ("Bob",)]
    assert town.rows("SELECT name FROM pets_of_elders") == [("Ivy",), ("Rex",), ("Tom",)]


def test_views_that_fail(town: Town) -> None:
    """With them fails what changes their rows; what others see is as it was."""
    with ApiClient(town.url) as nobody:
        made = nobody.create_identity()
    with ApiClient(town.url, made.token) as api:
        expect_failing_views(town, made.identity, made.token, api)


def expect_failing_views(town: Town, me: Identity, token: str, api: ApiClient) -> None:
    town.call("make_peace")
    for view in ("never", "wrong_query"):
        assert town.rows(f"SELECT * FROM {view}") == []
    town.call("quarrel", 1, me, "weather")
    assert town.rows("SELECT what FROM loud_quarrels") == [("weather",)]
    assert town.rows("SELECT what FROM my_quarrels", api=api) == [("weather",)]

    with connected(town, town.database, V2) as wire:
        wire.next()
        wire.ask(m2.Subscribe(1, 1, ["SELECT * FROM loud_quarrels"]))
        town.refused("quarrel", 2, me, "secret")
        assert "LookupError: nobody is to know" in "".join(line.message for line in town.lines())
        town.call("quarrel", 3, me, "music")
        assert town.rows("SELECT what FROM loud_quarrels") == [("music",), ("weather",)]

    with connected(town, town.database, V2, token=token) as wire:
        wire.next()
        wire.ask(m2.Subscribe(1, 1, ["SELECT * FROM my_quarrels"]))
        town.refused("quarrel", 4, me, "mine alone")
        town.call("quarrel", 5, Identity.from_int(3), "mine alone")  # whose view nobody has asked for
        assert town.rows("SELECT what FROM my_quarrels", api=api) == [("music",), ("weather",)]
    town.call("make_peace")


# --- procedures ----------------------------------------------------------------------------------


class Errands(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        errand = self.headers["x-errand"].encode("latin-1")
        self.send_response(404)
        self.send_header("x-said", self.headers["accept"])
        self.send_header("content-length", str(len(body) + len(errand)))
        self.end_headers()
        self.wfile.write(body[::-1] + errand)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Errands) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/shop"
        server.shutdown()
        thread.join()


def test_procedures_return_values(town: Town) -> None:
    assert town.ask("add", 2**32 - 1, 1) == 2**32


def test_transactions_of_procedures(town: Town) -> None:
    town.call("forget_errands")
    assert town.ask("count_errand", "bread") == [1, 2, 2]
    assert town.rows("SELECT * FROM errand") == [("bread", 2)]


def test_requests(town: Town, shop: str) -> None:
    answer = town.ask("ask", "POST", shop, "abc")
    assert answer == Ok((404, "cba\ufffd", [["x-said", "text/plain"]]))
    assert town.ask("ask", "GET", "http://127.0.0.1:9/", "") == Err("not answered")


def test_sleeping(town: Town) -> None:
    assert town.ask("rest", 3) is True


NO_TRANSACTION = "tables are used in a transaction: with ctx.transaction() as tx: tx.db.player.insert(...)"
ENDED = "its call or transaction has ended. Keep values, not contexts"


def test_mistakes_of_procedures(town: Town) -> None:
    town.call("forget_errands")
    assert town.ask("mistakes") == [
        f"AttributeError: the context of a procedure has no 'db': {NO_TRANSACTION}",
        "HostError: nothing may sleep in a transaction, as everybody else would wait for it",
        "HostError: no HTTP request is sent in a transaction, as everybody else would wait for its answer",
        "HostError: a transaction is open already, and there are none inside others",
        f"AttributeError: the context of a reducer has no 'db' any more: {ENDED}",
    ]
    assert town.rows("SELECT * FROM errand") == [("mistakes", 1)]


@pytest.mark.parametrize(
    ("in_transaction", "bug"), [(False, "ValueError: stumbled"), (True, "ValueError: stumbled in a transaction")]
)
def test_a_procedure_s_bug(town: Town, in_transaction: bool, bug: str) -> None:
    """The caller is told of it where the server does not tell the stack of the WebAssembly instead."""
    town.call("forget_errands")
    assert town.fails("stumble", in_transaction).status == 500
    [line] = town.lines()
    code = f'raise ValueError("{bug.removeprefix("ValueError: ")}")'
    assert (line.level, line.where) == ("Panic", place("city/errands.py", code))
    assert line.message.endswith(f"\n{bug}")
    assert town.rows("SELECT * FROM errand") == [("before", 1)]
    assert town.ask("add", 1, 1) == 2


def test_procedures_on_a_schedule(town: Town) -> None:
    town.call("forget_errands")
    town.call("plan_errand", "milk")
    assert [line.message for line in town.until("milk was run, 1")] == ["milk was run, 1"]
    assert town.rows("SELECT * FROM errand") == [("milk", 1)]
    assert town.rows("SELECT * FROM planned_errand") == []


# --- HTTP handlers -------------------------------------------------------------------------------


def test_handlers(town: Town) -> None:
    def fetch(method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str, dict[str, str]]:
        answer = town.api.fetch(town.database, path, method, body=body, headers=headers)
        shown = {name: value for name, value in answer.headers.items() if name.startswith("x-")}
        return answer.status, answer.body.decode(), shown

    assert fetch("GET", "/hello") == (200, "Hello, world!", {"x-door": "front"})
    assert fetch("GET", "/hello", **{"X-Name": "Ann"})[1] == "Hello, Ann!"
    assert fetch("PUT", "/echo", b"abc") == (418, "cba", {"x-method": "PUT", "x-two": "1"})
    assert fetch("POST", "/visits", b"nonsense")[:2] == (400, "JSONDecodeError")
    status, body, _ = fetch("POST", "/visits", b'{"text": "hi"}')
    visit = json.loads(body)
    assert (status, visit["text"], visit["nobody"]) == (201, "hi", True)
    assert town.rows(f"SELECT text FROM visit WHERE id = {visit['id']}") == [("hi",)]


def test_a_handler_s_bug(town: Town) -> None:
    town.mark()
    assert town.api.fetch(town.database, "/trap", "GET").status == 500
    [line] = town.lines()
    assert (line.level, line.where) == ("Panic", place("city/doors.py", "raise ValueError("))
    assert line.message.endswith("\nValueError: the floor is gone")
    assert town.api.fetch(town.database, "/hello", "GET").status == 200


# --- event tables, hash indexes, claims, modules inside ----------------------------------------------


def test_events_are_told_and_gone(town: Town) -> None:
    with connected(town, town.database, V2) as wire:
        wire.next()
        wire.ask(m2.Subscribe(1, 1, ["SELECT * FROM bell"]))
        town.call("ring", "north", 3)
        update = wire.next()
    [[table]] = [query_set.tables for query_set in update.query_sets]
    assert table.table_name == "bell"
    assert [BELL.decode(row) for rows in table.rows for row in rows_of(rows.value.events)] == [("north", 3)]
    assert town.rows("SELECT * FROM bell") == []
    assert town.refused("ring", "north", 0) == "a bell rings once at least"


def test_hash_indexes(town: Town) -> None:
    assert town.said("build_houses") == [
        "[2, 4, 6, 8]",
        "[6, 7, 8]",
        "House(street='Lane', number=4, people=1)",
        "None",
        "TypeError: house.people is a hash index: give a value for each of people",
        "TypeError: house.by_both is a hash index: give a value for each of street, number",
        "3, 5 left",
        "5, 0 left",
    ]


def test_claims(town: Town) -> None:
    claims = jwt.decode(town.token, options={"verify_signature": False})
    assert town.said("who") == [f"internal False, {claims['sub']} by localhost for ['spacetimedb'], {{}}"]


def test_claims_of_another_issuer(town: Town) -> None:
    with running_issuer() as issuer:
        issuer.publish(one=new_ec_key())
        token = issuer.token("one", sub="ann", email="ann@example.com", roles=["a", "b"], aud="web")
        with ApiClient(town.url, token) as api:
            [said] = town.said("who", api=api)
    more = {"email": "ann@example.com", "roles": ["a", "b"]}
    assert said == f"internal False, ann by {issuer.url} for ['web'], {more}"


def test_schedules_have_no_claims(town: Town) -> None:
    town.call("order_who")
    assert [line.message for line in town.until("internal True, no token")] == ["internal True, no token"]


def test_a_module_inside(town: Town) -> None:
    name, other = f"Zoe on {town.host}", f"Kim on {town.host}"
    [said] = town.said("enter_both", name)
    assert said.startswith(f"{name} is member ")
    with pytest.raises(ReducerFailed, match=f"^{name} is a member$"):
        town.call("guild.enter", name)
    [line] = town.call("guild.enter", other)
    assert (line.where, line.function) == (place("guild.py", "is member %d"), "guild.enter")
    assert [text for [text] in town.rows("SELECT * FROM trace") if text.startswith(name)] == [
        f"{name} has entered, of 1"
    ]
    assert town.rows("SELECT number, name FROM guild.elders") == [(1, name), (2, other)]
