"""Modules inside other modules."""

from __future__ import annotations

import re
import sys

import pytest

from stdbpy.schema.http import HttpRequestHead
from tests.module.running import ANN, BOB, NOON, Running, load_code, problems_of, run

ACCOUNTS = """
    from stdbpy import *
    from . import tokens

    @table(public=True)
    class User:
        identity: Identity = column(primary_key=True)
        name: str = column(unique=True)

    class UserTable(Table[User]):
        identity: PrimaryKey[User, Identity]

        def named(self, name: str) -> bool:
            return self.name.find(name) is not None

    class Db(Tables):
        user: UserTable

    class Ctx(ReducerContext):
        db: Db

    class Asking(ViewContext):
        db: Db

    @reducer
    def sign_up(ctx: Ctx, name: str) -> None:
        ctx.db.user.insert(User(identity=ctx.sender, name=name))

    @view(public=True)
    def me(ctx: Asking) -> User | None:
        return ctx.db.user.identity.find(ctx.sender)

    @view(public=True)
    def everybody(ctx: AnonymousViewContext) -> Query[User]:
        return ctx.query.user

    @procedure
    def count(ctx: ProcedureContext[Ctx]) -> u64:
        with ctx.transaction() as tx:
            return tx.db.user.count()

    @http_handler
    def health(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
        with ctx.transaction() as tx:
            return HttpResponse(f"{tx.db.user.count()} users")
"""

TOKENS = """
    from stdbpy import *

    @table
    class Token:
        id: u64 = auto_inc(primary_key=True)
"""

GAME = """
    import accounts
    mount(accounts, "auth")

    @table
    class Player:
        level: u32

    @reducer
    def join(ctx, name: str) -> None:
        ctx.db.player.insert(Player(level=1))
        accounts.sign_up(ctx.within("auth", accounts.Ctx), name)
        assert ctx.db.auth.user.name.find(name)
        assert ctx.within("auth").db.token.insert(accounts.tokens.Token()).id == 1

    @procedure
    def users(ctx: ProcedureContext) -> u64:
        return accounts.count(ctx.within("auth", ProcedureContext[accounts.Ctx]))

    @view
    def mine(ctx: ViewContext) -> accounts.User | None:
        return accounts.me(ctx.within("auth", accounts.Asking))

    @http_handler
    def health(ctx, request):
        return accounts.health(ctx.within("auth", HandlerContext), request)

    http_router(Router().get("/health", health))
"""

FILES = {"accounts/__init__.py": ACCOUNTS, "accounts/tokens.py": TOKENS}


def game(code: str = GAME, files: dict[str, str] = FILES) -> Running:
    return run(code, files=files)


def test_what_is_mounted_is_a_module_of_its_own():
    schema = load_code(GAME, files=FILES).schema
    [auth] = schema.submodules
    assert (auth.name, [table.name for table in auth.schema.tables]) == ("auth", ["token", "user"])
    assert [table.name for table in schema.tables] == ["player"]
    assert [reducer.name for reducer in auth.schema.reducers] == ["sign_up"]
    assert [(view.name, view.index) for view in auth.schema.views] == [("everybody", 0), ("me", 0)]
    assert [name for prefix, module in schema.walk() for name in module.reducers_by_name] == ["join", "sign_up"]


def test_its_functions_see_its_own_tables():
    running = game()
    running.bound.call_reducer(1, BOB, None, NOON, b"\3\0\0\0Bob")
    running.bound.call_reducer("auth.sign_up", ANN, None, NOON, b"\3\0\0\0Ann")
    assert running.rows("auth.user") == [(BOB, "Bob"), (ANN, "Ann")]
    assert running.rows("player") == []
    assert running.bound.call_procedure(1, ANN, None, NOON, b"") == (2).to_bytes(8, "little")
    [row] = running.bound.call_view(1, BOB)
    assert row.endswith(b"Bob")
    assert running.bound.call_view(0, None) == 'SELECT * FROM "user"'


def test_functions_outside_call_them():
    running = game()
    running.call("join", "Ann")
    assert (running.rows("auth.user"), running.rows("auth.token")) == ([(ANN, "Ann")], [(1,)])
    assert running.rows("player") == [(1,)]
    assert running.procedure("users") == 1
    assert running.view("mine") == [(ANN, "Ann")]
    assert running.request("health", HttpRequestHead("GET", "/"))[1] == b"1 users"


def test_declared_tables_of_what_is_mounted():
    running = game("""
    import accounts
    mount(accounts, "auth")

    class Db(Tables):
        auth: accounts.Db

    class Ctx(ReducerContext):
        db: Db

    @reducer
    def check(ctx: Ctx) -> None:
        ctx.log.info(str(ctx.db.auth.user.named("Ann")))
        ctx.log.info(repr(ctx.db.auth.token))
    """)
    running.call("check")
    assert running.messages == ["False", "<table token>"]


def test_modules_inside_modules_inside_modules():
    files = {
        **FILES,
        "outer.py": "from stdbpy import *\nimport accounts\nmount(accounts, 'auth')\n@table\nclass T:\n    x: u8",
    }
    running = game(
        """
    import outer
    mount(outer, "outer")

    @reducer
    def look(ctx) -> None:
        ctx.log.info(str(ctx.db.outer.auth.user.count() + ctx.db.outer.t.count()))
        inner = ctx.within("outer").within("auth")
        ctx.log.info(str(inner.db.user.count()))
    """,
        files,
    )
    running.call("look")
    running.bound.call_reducer("outer.auth.sign_up", ANN, None, NOON, b"\3\0\0\0Ann")
    assert (running.messages, running.rows("outer.auth.user")) == (["0", "0"], [(ANN, "Ann")])


def test_two_of_one_module_for_two_who_mount_it():
    files = {**FILES, "outer.py": "from stdbpy import *\nimport accounts\nmount(accounts, 'auth')"}
    running = game("import outer, accounts\nmount(outer, 'outer')\nmount(accounts, 'auth')", files)
    running.bound.call_reducer("auth.sign_up", ANN, None, NOON, b"\3\0\0\0Ann")
    assert (running.rows("auth.user"), running.rows("outer.auth.user")) == ([(ANN, "Ann")], [])


def test_an_installed_package(tmp_path, monkeypatch):
    (tmp_path / "installed_accounts.py").write_text("from stdbpy import *\n@table\nclass User:\n    x: u8\n")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        schema = load_code("import installed_accounts\nmount(installed_accounts, 'auth')").schema
    finally:
        sys.modules.pop("installed_accounts", None)
    assert [table.name for table in schema.submodules[0].schema.tables] == ["user"]


@pytest.mark.parametrize(
    ("code", "line", "says"),
    [
        ("import accounts\nmount(accounts, 'a')\nmount(accounts, 'b')", 4, "accounts is mounted already, as 'a', at"),
        ("import accounts, other\nmount(accounts, 'a')\nmount(other, 'a')", 4, "a module mounted as 'a' already"),
        ("mount(3, 'a')", 2, "TypeError: mount takes a module and a namespace"),
        ("import accounts\nmount(accounts, 'a b')", 3, "module a b: .*a b"),
    ],
)
def test_problems_of_mounting(code, line, says):
    [problem] = problems_of(code, files={**FILES, "other.py": "x = 1"})
    assert problem.where == f"game.py:{line}"
    assert re.search(says, problem.message), problem


def test_problems_inside_are_told_at_their_lines():
    files = {
        "accounts.py": """
            from stdbpy import *
            @init
            def start(ctx): ...
            @table(scheduled="nothing")
            class User:
                id: int
        """
    }
    problems = problems_of("import accounts\nmount(accounts, 'auth')", files=files)
    assert sorted(problem.where for problem in problems) == ["accounts.py:3", "accounts.py:5", "accounts.py:7"]


def test_a_module_that_mounts_what_it_is_in():
    files = {"a/__init__.py": "from . import b", "a/b.py": "import a\nfrom stdbpy import *\nmount(a, 'me')"}
    [problem] = problems_of("import a\nmount(a, 'a')", files=files)
    assert (problem.where, problem.message) == ("a/b.py:3", "a is mounted inside itself")


def test_asking_for_what_is_not_mounted():
    running = game("@reducer\ndef wrong(ctx):\n    ctx.within('auht')", {})
    with pytest.raises(LookupError, match=r"no module is mounted as 'auht'\. There are none"):
        running.call("wrong")
    running = game("import accounts\nmount(accounts, 'auth')\n@reducer\ndef wrong(ctx):\n    ctx.within('auht')")
    with pytest.raises(LookupError, match="Did you mean 'auth'"):
        running.call("wrong")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "@procedure\ndef wrong(ctx: ProcedureContext):\n    ctx.within('auth', accounts.Ctx)",
            "a ProcedureContext or HandlerContext of the context of a procedure, and Ctx is none",
        ),
        ("@procedure\ndef wrong(ctx: ProcedureContext):\n    ctx.within('auth', 5)", ".*, and 5 is none"),
        (
            "@reducer\ndef wrong(ctx):\n    ctx.within('auth', accounts.Asking)",
            "a ReducerContext of the context of a reducer, and Asking is none",
        ),
        (
            "@view\ndef wrong(ctx: ViewContext) -> accounts.User | None:\n    ctx.within('auth', accounts.Ctx)",
            "an? AnonymousViewContext of the context of a view, and Ctx is none",
        ),
    ],
)
def test_a_context_of_another_kind(code, message):
    running = game(f"import accounts\nmount(accounts, 'auth')\n{code}")
    call = running.view if "@view" in code else running.procedure if "@procedure" in code else running.call
    with pytest.raises(TypeError, match=rf"^within makes {message}$"):
        call("wrong")
