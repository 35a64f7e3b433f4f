"""Modules are imported apart from each other and from the rest of the process."""

from __future__ import annotations

import json
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stdbpy.errors import ModuleLoadError
from stdbpy.module.load import load
from stdbpy.module.package import ModuleSource
from stdbpy.module.tracebacks import user_traceback
from tests.module.running import Running, load_code, problems_of, run, source_of

COUNTER = """
    calls = []
    @reducer
    def count(ctx):
        calls.append(1)
        print(len(calls))
"""


def test_two_loads_share_nothing():
    first, second = run(COUNTER), run(COUNTER)
    first.call("count")
    first.call("count")
    second.call("count")
    assert (first.messages, second.messages) == (["1", "2"], ["1"])


def test_sys_modules_and_the_import_system_are_as_before():
    before, finders = dict(sys.modules), list(sys.meta_path)
    own = sys.modules["game"] = type(sys)("game")
    try:
        run(COUNTER).call("count")
        with pytest.raises(ModuleLoadError):
            load_code("import game.nothing")
        assert sys.modules["game"] is own
    finally:
        del sys.modules["game"]
    assert {name for name in sys.modules if name.split(".")[0] in ("game", "world")} == set()
    assert sys.meta_path == finders
    assert set(before) <= set(sys.modules)


def test_a_module_of_several_files():
    game = run(
        """
        import world.tables as tables
        from world import VERSION, rules
        from world.rules import *
        import world.deep.deeper
        @reducer
        def show(ctx, name: str):
            ctx.db.player.insert(tables.Player(name=name))
            print(VERSION, rules.greet(name), LIMIT, world.deep.deeper.up is tables, __name__, rules.__name__)
        """,
        files={
            "world/__init__.py": "VERSION = 3",
            "world/tables.py": "from stdbpy import table\n@table\nclass Player:\n    name: str",
            "world/rules.py": "from . import VERSION\nfrom .tables import Player\n__all__ = ['LIMIT']\n"
            "LIMIT = VERSION + 1\n"
            "def greet(name): return f'hello {name}'",
            "world/deep/deeper.py": "from .. import tables as up",
        },
    )
    game.call("show", "Ann")
    assert game.messages == ["3 hello Ann 4 True game world.rules"]
    assert game.rows("player") == [("Ann",)]


def test_files_that_nobody_imports_are_not_run():
    load_code(COUNTER, files={"other.py": "1 / 0"})


def test_imports_inside_functions():
    game = run(
        """
        import world
        @reducer
        def late(ctx):
            from world.rules import LIMIT
            import world.rules
            import world.rules as rules
            from world import rules as again
            import json, os.path
            print(LIMIT, world.rules is rules is again, json.dumps([1]), rules.sibling())
        """,
        files={
            "world/__init__.py": "",
            "world/rules.py": "LIMIT = 4\ndef sibling():\n    from . import other\n    return other.NAME",
            "world/other.py": "NAME = 'other'",
        },
    )
    game.call("late")
    game.call("late")
    assert game.messages == ["4 True [1] other"] * 2
    assert "world" not in sys.modules


def test_databases_of_the_same_names_in_several_threads():
    code = """
        from world.state import seen
        @reducer
        def add(ctx, n: u32):
            from world import late
            seen.append(n)
            late.seen.append(n)
            print(len(seen), len(late.seen))
    """
    files = {"world/__init__.py": "", "world/state.py": "seen = []", "world/late.py": "seen = []"}

    def work(_: int) -> list[str]:
        game = run(code, files=files)
        for n in range(50):
            game.call("add", n)
        return game.messages

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(8)))
    assert results == [[f"{n} {n}" for n in range(1, 51)]] * 8


def test_python_itself_cannot_be_replaced():
    game = run(
        """
        @reducer
        def show(ctx):
            import json
            print(json)
        """,
        files={"json.py": "dumps = None"},
    )
    with pytest.raises(ImportError, match=r"json.py of this project is hidden by the json that Python has already"):
        game.call("show")
    assert json.dumps([1]) == "[1]"


def test_hidden_files_are_a_problem_where_they_are_imported():
    [problem] = problems_of("import json", files={"json.py": ""})
    assert problem.where == "game.py:2"
    assert "hidden" in problem.message


def test_nothing_is_written(tmp_path: Path):
    (tmp_path / "game.py").write_text("from stdbpy import reducer\n@reducer\ndef f(ctx): pass\n")
    load(ModuleSource({"game.py": (tmp_path / "game.py").read_bytes()}, "game", str(tmp_path)))
    assert [path.name for path in tmp_path.iterdir()] == ["game.py"]


def test_other_encodings():
    source = source_of("@reducer\ndef f(ctx): print('é')")
    latin = b"# -*- coding: latin-1 -*-\n" + source.files["game.py"].decode().encode("latin-1")
    game = Running(load(ModuleSource({"game.py": latin}, "game")))
    game.call("f")
    assert game.messages == ["é"]


# --- tracebacks ------------------------------------------------------------------------------------

FAILING = """\
from stdbpy import EncodeError, reducer, table, u8

@table
class Seat:
    number: u8

@reducer
def fail(ctx):
    try:
        ctx.db.seat.insert(Seat(number=300))
    except EncodeError as error:
        raise ValueError("no seat") from error
"""


def test_tracebacks_name_the_author_s_files(tmp_path: Path):
    (tmp_path / "game.py").write_text(FAILING)
    game = Running(load(ModuleSource({"game.py": FAILING.encode()}, "game", str(tmp_path))))
    with pytest.raises(ValueError, match="no seat") as caught:
        game.call("fail")
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (frame.filename, frame.lineno, frame.name) == (str(tmp_path / "game.py"), 12, "fail")
    text = user_traceback(caught.value)
    ours = [line for line in text.splitlines() if line.startswith("  File") and str(tmp_path) not in line]
    assert all("tests" in line for line in ours), text  # the test's own frames, none of stdbpy
    assert f'File "{tmp_path / "game.py"}", line 10, in fail' in text
    assert 'raise ValueError("no seat") from error' in text
    assert "seat.number: " in text


def test_tracebacks_show_lines_of_files_that_are_not_here():
    game = run(files={"game.py": FAILING})
    with pytest.raises(ValueError, match="no seat") as caught:
        game.call("fail")
    assert 'raise ValueError("no seat") from error' in user_traceback(caught.value)


def test_lines_are_those_of_the_last_load():
    run(files={"game.py": FAILING})
    game = run(files={"game.py": "\n" + FAILING.replace("no seat", "no place")})
    with pytest.raises(ValueError, match="no place") as caught:
        game.call("fail")
    assert 'raise ValueError("no place") from error' in user_traceback(caught.value)
