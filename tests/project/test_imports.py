"""What files import, found by reading."""

from __future__ import annotations

import pytest

from stdbpy.project import imports
from stdbpy.project.imports import Import, imports_in

CODE = b"""\
import chess, json as data
from .rules import moves
from attr import (
    define,
)
TEXT = '''
important import
'''
try:
    from fast.inner import search, \\
        evaluate
except ImportError:
    search = None

def late():
    import slow.parts  # when it is called
"""


def test_imports_of_a_file() -> None:
    assert sorted(imports_in("game/board.py", CODE), key=lambda found: found.number) == [
        Import("chess", (), 1, False, False),
        Import("json", (), 1, False, False),
        Import("game.rules", ("moves",), 2, False, False),
        Import("attr", ("define",), 3, False, False),
        Import("fast.inner", ("search", "evaluate"), 10, True, False),
        Import("slow.parts", (), 16, False, True),
    ]


def test_a_file_too_long_to_parse_is_searched_for_lines_of_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is inside of something might be optional, and is taken for that."""
    monkeypatch.setattr(imports, "LONGEST_PARSED", 100)

    assert [*imports_in("game/board.py", CODE)] == [
        Import("chess", (), 1, False, False),
        Import("json", (), 1, False, False),
        Import("game.rules", ("moves",), 2, False, False),
        Import("attr", ("*",), 3, False, False),
        Import("fast.inner", ("search",), 10, True, False),
        Import("slow.parts", (), 16, True, False),
    ]
