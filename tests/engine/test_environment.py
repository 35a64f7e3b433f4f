"""Values of a database's environment, which it keeps with its rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdbpy.engine import Caller, Engine
from stdbpy.engine.names import identity_from_claims
from stdbpy.errors import EnvironmentRefused, NotAllowed
from stdbpy.module.package import ModuleSource, pack
from stdbpy.schema.environment import EnvironmentUpdate

ME, OTHER = identity_from_claims("localhost", "me"), identity_from_claims("localhost", "other")
CODE = """
from stdbpy import *

@environment
class Env:
    KEY: str

@reducer
def say(ctx: ReducerContext) -> None:
    raise ReducerError(ctx.env.KEY)
"""


def program(code: str = CODE) -> bytes:
    return pack(ModuleSource({"service.py": code.encode()}, "service"))


def said(engine: Engine) -> str | None:
    return engine.database("service").call("say", b"", Caller(ME)).result(60).error


def test_values_are_there_after_a_restart(tmp_path: Path) -> None:
    with Engine(tmp_path) as engine:
        engine.publish(program(), owner=ME, name="service", environment=EnvironmentUpdate({"KEY": "first"}))
        assert said(engine) == "first"
    with Engine(tmp_path) as engine:
        assert said(engine) == "first"
        engine.update_environment(engine.database("service").identity, ME, EnvironmentUpdate({"KEY": "second"}))
    with Engine(tmp_path) as engine:
        assert said(engine) == "second"
        engine.publish(program(CODE + "\n"), owner=ME, name="service", environment=EnvironmentUpdate({"KEY": "third"}))
    with Engine(tmp_path) as engine:
        assert said(engine) == "third"


def test_clearing_leaves_no_value() -> None:
    with Engine(None) as engine:
        engine.publish(program(), owner=ME, name="service", environment=EnvironmentUpdate({"KEY": "first"}))
        with pytest.raises(EnvironmentRefused, match="KEY"):
            engine.publish(program(), owner=ME, name="service", clear=True)
        assert said(engine) == "first"


def test_somebody_else_changes_none() -> None:
    with Engine(None) as engine:
        engine.publish(program(), owner=ME, name="service", environment=EnvironmentUpdate({"KEY": "first"}))
        with pytest.raises(NotAllowed):
            engine.update_environment(engine.database("service").identity, OTHER, EnvironmentUpdate({"KEY": "x"}))
        assert said(engine) == "first"


def test_an_update_does_not_show_its_values() -> None:
    assert "s3cret" not in repr(EnvironmentUpdate({"KEY": "s3cret"}))
