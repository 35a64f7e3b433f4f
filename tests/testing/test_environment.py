"""Values of a database's environment, which modules declare and read."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from stdbpy.errors import ApiError, EnvironmentRefused, InitFailed, ReducerCrashed, SqlError
from stdbpy.testing import Module, Servers, load_module

CODE = """
from enum import Enum
from typing import Literal

from stdbpy import *


class Level(Enum):
    INFO = "info"
    DEBUG = "debug"


@environment
class Env:
    API_KEY: str
    MODE: Literal["development", "production"]
    LOG_LEVEL: Level | None


@table(public=True)
class Seen:
    text: str


class Db(Tables):
    seen: Table[Seen]


class Ctx(ReducerContext):
    db: Db
    env: Env


class ViewCtx(AnonymousViewContext):
    db: Db
    env: Env


@init
def begin(ctx: Ctx) -> None:
    ctx.db.seen.insert(Seen(text=f"{ctx.env.API_KEY} {ctx.env.MODE}"))


@reducer
def look(ctx: Ctx, key: str) -> None:
    ctx.db.seen.insert(Seen(text=f"{getattr(ctx.env, key)!r} {ctx.env.get(key)!r}"))


@view(public=True)
def levels(ctx: ViewCtx) -> list[Seen]:
    return [Seen(text=str(ctx.env.LOG_LEVEL))]


@procedure
def later(ctx: ProcedureContext[Ctx], key: str) -> str:
    outside = str(ctx.env.get(key))
    with ctx.transaction() as tx:
        return f"{outside} {tx.env.get(key)}"
"""
GOOD = {"API_KEY": "k3y", "MODE": "development"}


def made(folder: Path, code: str = CODE) -> Module:
    file = folder / "service.py"
    file.write_text(dedent(code))
    return load_module(file)


@pytest.fixture
def module(tmp_path: Path) -> Module:
    return made(tmp_path)


def texts(db: Any) -> list[str]:
    return [row.text for row in db.rows("seen")]


def test_functions_read_what_is_declared(module: Module) -> None:
    with module.database(environment={**GOOD, "LOG_LEVEL": "info", "UNUSED": "x"}) as db:
        for key in ("API_KEY", "LOG_LEVEL"):
            db.reducers.look(key)
        assert texts(db) == ["k3y development", "'k3y' 'k3y'", "<Level.INFO: 'info'> 'info'"]
        assert db.procedures.later("MODE") == "development development"


def test_an_optional_value_need_not_be_there_and_an_empty_one_is(module: Module) -> None:
    with module.database(environment={**GOOD, "API_KEY": ""}) as db:
        db.reducers.look("LOG_LEVEL")
        assert texts(db) == [" development", "None None"]


@pytest.mark.parametrize("key", ["UNUSED", "API_KEYS"])
def test_nothing_else_can_be_read(module: Module, key: str) -> None:
    refused = pytest.raises(ReducerCrashed, match=f"declares no value '{key}'")
    with module.database(environment={**GOOD, "UNUSED": "x"}) as db, refused:
        db.reducers.look(key)


@pytest.mark.parametrize(
    ("values", "said", "missing"),
    [
        ({}, "API_KEY, MODE", ("API_KEY", "MODE")),
        ({"API_KEY": "secret", "MODE": "s3cret"}, "MODE is none of those that the module allows", ()),
        ({**GOOD, "A-B": "secret"}, "A value's name", ()),
        ({**GOOD, "API_KEY": "secret" * 2000}, "API_KEY is longer than 8192 bytes", ()),
        ({**GOOD, **{f"K{number}": "" for number in range(255)}}, "at most 256 values", ()),
    ],
)
def test_what_does_not_fit_the_declaration(
    module: Module, values: dict[str, str], said: str, missing: tuple[str, ...]
) -> None:
    with pytest.raises(EnvironmentRefused, match=said) as refusal:
        module.database(environment=values)
    assert refusal.value.missing == missing
    assert "cret" not in str(refusal.value)


def test_views_are_computed_again_when_values_change(module: Module) -> None:
    with module.database(environment=GOOD) as db, db.connect() as client:
        client.subscribe("SELECT * FROM levels")
        changes = client.tables["levels"].changes(timeout=60)
        db.set_environment({**GOOD, "LOG_LEVEL": "debug"})
        assert {(type(change).__name__, change.row.text) for change in (next(changes), next(changes))} == {
            ("Inserted", "Level.DEBUG"),
            ("Deleted", "None"),
        }
        with pytest.raises(EnvironmentRefused):
            db.set_environment({})
        assert db.sql("SELECT * FROM st_env WHERE key = 'LOG_LEVEL'") == [{"key": "LOG_LEVEL", "value": "debug"}]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO st_env (key, value) VALUES ('A', 'b')",
        "UPDATE st_env SET value = 'b'",
        "DELETE FROM st_env",
    ],
)
def test_sql_reads_values_for_the_owner_and_changes_none(module: Module, statement: str) -> None:
    with module.database(environment=GOOD) as db:
        assert len(db.sql("SELECT * FROM st_env")) == 2
        with pytest.raises(SqlError, match="changed by publishing"):
            db.sql(statement)
        with pytest.raises(SqlError, match="no such table"):
            db.as_("alice").sql("SELECT * FROM st_env")
        assert "st_env" not in str(db.sql("SELECT * FROM st_table"))


def test_updates_keep_values_and_take_new_ones(module: Module, tmp_path: Path) -> None:
    with module.database(environment=GOOD) as db:
        more = made(tmp_path, CODE.replace("    API_KEY: str", "    API_KEY: str\n    OTHER: str"))
        with pytest.raises(EnvironmentRefused, match="OTHER"):
            db.update(more)
        db.update(more, environment={"OTHER": "o"})
        db.reducers.look("OTHER")
        db.reducers.look("API_KEY")
        assert texts(db)[1:] == ["'o' 'o'", "'k3y' 'k3y'"]
        same = made(tmp_path, CODE.replace("    API_KEY: str", "    API_KEY: str\n    OTHER: str") + "\n# changed")
        db.update(same, environment={"OTHER": "p"})
        db.reducers.look("OTHER")
        assert texts(db)[-1] == "'p' 'p'"


def test_a_refused_update_changes_no_value(module: Module, tmp_path: Path) -> None:
    with module.database(environment=GOOD) as db:
        broken = made(tmp_path, CODE.replace("    text: str", "    text: u8").replace("text=", "text=0 and "))
        with pytest.raises(Exception, match="text"):
            db.update(broken, environment={"API_KEY": "other"})
        assert db.sql("SELECT value FROM st_env WHERE key = 'API_KEY'") == [{"value": "k3y"}]


def test_values_are_not_in_logs(module: Module) -> None:
    with module.database(environment={**GOOD, "API_KEY": "s3cret"}) as db:
        db.set_environment({**GOOD, "API_KEY": "t0psecret"})
        assert "cret" not in str(db.logs)


def test_init_fails_without_a_trace(tmp_path: Path) -> None:
    module = made(tmp_path, CODE.replace("{ctx.env.MODE}", "{1 / 0}"))
    with pytest.raises(InitFailed) as failure:
        module.database(environment={**GOOD, "API_KEY": "s3cret"})
    assert "s3cret" not in str(failure.value)


def test_databases_on_a_server_have_them_too(module: Module) -> None:
    with Servers() as servers:
        server = servers.get("embedded")
        with server.publish(module, environment=GOOD) as db:
            assert texts(db) == ["k3y development"]
        with pytest.raises(ApiError, match="API_KEY, MODE"):
            server.publish(module)
