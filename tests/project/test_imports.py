"""What files import, found by reading."""

from __future__ import annotations

import pytest

from stdbpy.module.package import ModuleSource
from stdbpy.project import imports
from stdbpy.project.imports import Import, OutsideImport, imports_in, outside_imports

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
    """None of them is needed for certain."""
    monkeypatch.setattr(imports, "LONGEST_PARSED", 100)

    assert [*imports_in("game/board.py", CODE)] == [
        Import("chess", (), 1, True, False),
        Import("json", (), 1, True, False),
        Import("game.rules", ("moves",), 2, True, False),
        Import("attr", ("*",), 3, True, False),
        Import("fast.inner", ("search",), 10, True, False),
        Import("slow.parts", (), 16, True, False),
    ]


def test_a_line_of_a_long_text_is_no_import_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "LONGEST_PARSED", 20)
    source = ModuleSource({"laws.py": b'TEXT = """\nimport duties\nand taxes\n"""\n'}, "laws")

    assert outside_imports(source) == [OutsideImport("duties", "laws.py:2", is_optional=True, is_late=False)]


def test_several_statements_on_a_line_of_a_long_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "LONGEST_PARSED", 20)
    source = b"import os; import requests;from attr import define\nif True: import chess\n"

    assert [(found.module, found.number) for found in imports_in("game.py", source)] == [
        ("os", 1),
        ("requests", 1),
        ("attr", 1),
        ("chess", 2),
    ]


def test_an_import_that_is_itself_too_long_to_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "LONGEST_PARSED", 10)

    assert [found.module for found in imports_in("game.py", b"import chess, checkers")] == ["chess", "checkers"]
