"""What modules in Python can declare is what servers take, and tell of as it was declared."""

from __future__ import annotations

from stdbpy.engine.programs import load_program
from stdbpy.module.package import ModuleSource, pack
from stdbpy.schema.definition import schema_from_json, write_module_def
from stdbpy.wasm.definition_module import definition_module
from tests.contract.programs import program
from tests.contract.subject import Subject, fresh_name

EVERYTHING = """
from dataclasses import dataclass
from stdbpy import *

@table(public=True)
class Player:
    id: u64 = auto_inc(primary_key=True)
    owner: Identity = column(unique=True)
    level: u32 = column(index="btree")

@table(public=True, event=True)
class Hit:
    player: u64

@table(scheduled="fetch")
class Job:
    id: u64 = auto_inc(primary_key=True)
    at: ScheduleAt

@dataclass
class Rank:
    player: u64

@view(public=True)
def mine(ctx: ViewContext) -> Player | None:
    return ctx.db.player.owner.find(ctx.sender)

@view(public=True, primary_key="player")
def ranks(ctx: AnonymousViewContext) -> list[Rank]:
    return [Rank(player.id) for player in ctx.db.player.level.filter(at_least(3))]

@view(public=True)
def strong(ctx: AnonymousViewContext) -> Query[Player]:
    return ctx.query.player.where(lambda p: p.level >= 3)

@procedure
def fetch(ctx: ProcedureContext, job: Job) -> None:
    pass

@procedure
def roll(ctx: ProcedureContext, sides: u32) -> Ok[u32] | Err[str]:
    return Ok(ctx.random.randint(1, sides)) if sides else Err("no sides")

@http_handler
def hello(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    return HttpResponse("Hello!")

http_router(Router().get("/hello", hello).nest("/inner", Router().any("", hello)))
"""


def test_all_kinds_of_functions(newer_server: Subject):
    name = fresh_name("everything")
    answer = newer_server.ask("PUT", f"/v1/database/{name}", content=program(newer_server, EVERYTHING))
    assert answer.status_code == 200, answer.text
    printed = newer_server.ask("GET", f"/v1/database/{name}/schema?version=10").json()
    schema = schema_from_json(printed, 10)
    assert {view.name: (view.index, view.is_anonymous, view.is_query) for view in schema.views} == {
        "mine": (0, False, False),
        "ranks": (0, True, False),
        "strong": (1, True, True),
    }
    assert [schema.view_primary_key(view) for view in schema.views] == [None, 0, 0]
    assert {each.name: each.visibility.name for each in schema.procedures} == {
        "fetch": "PRIVATE",
        "roll": "CLIENT_CALLABLE",
    }
    assert [table.name for table in schema.tables if table.is_event] == ["hit"]
    assert {(route.method, route.path, route.handler) for route in schema.http_routes} == {
        ("GET", "/hello", "hello"),
        ("*", "/inner", "hello"),
    }


MOUNTED = {
    "case.py": """
from stdbpy import *
import accounts

mount(accounts, "auth")

@table(public=True)
class Player:
    level: u32
""",
    "accounts.py": """
from stdbpy import *

@table(public=True)
class User:
    identity: Identity = column(primary_key=True)

@reducer
def sign_up(ctx: ReducerContext) -> None:
    ctx.db.user.insert(User(identity=ctx.sender))

@view(public=True)
def everybody(ctx: AnonymousViewContext) -> list[User]:
    return list(ctx.db.user)
""",
}


def test_mounted_modules(newer_server: Subject):
    package = pack(ModuleSource({path: text.encode() for path, text in MOUNTED.items()}, "case"))
    compiled = definition_module(write_module_def(load_program(package).schema))
    name = fresh_name("mounted")
    answer = newer_server.ask("PUT", f"/v1/database/{name}", content=package if newer_server.runs_ports else compiled)
    assert answer.status_code == 200, answer.text
    [auth] = schema_from_json(newer_server.ask("GET", f"/v1/database/{name}/schema?version=10").json(), 10).submodules
    assert (auth.name, list(auth.schema.tables_by_name), list(auth.schema.reducers_by_name)) == (
        "auth",
        ["user"],
        ["sign_up"],
    )
    assert newer_server.rows(name, "SELECT * FROM auth.user") == []
    assert newer_server.call(name, "auth.sign_up", "[]").status_code == 200
    # What is compiled of a definition does nothing.
    assert len(newer_server.rows(name, "SELECT * FROM auth.user")) == newer_server.runs_ports
