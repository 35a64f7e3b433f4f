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
