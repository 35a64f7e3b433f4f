"""``stdbpy sql`` on views that fail, of which servers tell the log alone."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run


def test_the_owner_is_told_of_a_view_that_has_failed(run: Run, chat_project: str) -> None:
    module = Path(chat_project.replace("-", "_")) / "module.py"
    view = """

from stdbpy import AnonymousViewContext, view


@view(public=True)
def broken(ctx: AnonymousViewContext) -> list[User]:
    return [1 // 0]
"""
    module.write_text(module.read_text() + view)
    assert run("publish").code == 0
    line = len(module.read_text().splitlines())
    done = run("sql", "SELECT * FROM broken", "--format", "json")
    assert (done.code, json.loads(done.out)[0]["rows"]) == (0, [])
    assert done.err == (
        "a view without rows has failed: ZeroDivisionError: integer division or modulo by zero "
        f"({module.absolute()}:{line})\n"
    )
    # The log tells of what was before, and others may not read it.
    assert run("sql", "SELECT * FROM user").err == ""
    assert run("sql", "SELECT * FROM broken", "--anonymous").err == ""
    assert run("--quiet", "sql", "SELECT * FROM broken").err == ""


VIEWS = """

from stdbpy import AnonymousViewContext, Query, view


@view(public=True)
def unfit(ctx: AnonymousViewContext) -> Query[User]:
    return ctx.query.user.where(lambda user: user.online == 3)  # unfit


@view(public=True)
def long(ctx: AnonymousViewContext) -> list[User]:
    raise ValueError("first line\\nsecond line")  # long


@view(public=True)  # wrong
def wrong(ctx: AnonymousViewContext) -> list[User]:
    return [User(identity=3, name="", online=True)]


@view(public=True)  # other
def other(ctx: AnonymousViewContext) -> list[User]:
    return [3]
"""


def test_all_of_an_error_is_told(run: Run, chat_project: str) -> None:
    module = Path(chat_project.replace("-", "_")) / "module.py"
    module.write_text(module.read_text() + VIEWS)
    assert run("publish").code == 0
    lines = module.read_text().splitlines()
    told = {
        "unfit": "InvalidQuery: user.online is a bool, which cannot be compared with 3",
        "long": "ValueError: first line second line",
        "wrong": "EncodeError: wrong.identity: expected an Identity, not int 3",
        "other": "TypeError: the rows of the view other are of class User, not 3",
    }
    for view, what in told.items():
        line = next(number for number, text in enumerate(lines, 1) if text.endswith(f"# {view}"))
        expected = [f"a view without rows has failed: {what} ({module.absolute()}:{line})"]
        if view == "unfit":
            expected.append("Hint: Compare it with True or False")
        assert run("sql", f"SELECT * FROM {view}").err.splitlines() == expected
