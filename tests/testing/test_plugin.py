"""The pytest plugin, in runs of pytest of its own."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stdbpy.project.real_server import PROGRAM, VARIABLE
from tests import real_servers
from tests.testing.conftest import MODULES

pytest_plugins = ["pytester"]


@pytest.fixture
def home(pytester: pytest.Pytester) -> Path:
    """That of what it runs."""
    return pytester.path


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with the module ``arena``, where pytest is run."""
    shutil.copy(MODULES / "arena.py", pytester.path)
    pytester.makepyprojecttoml(
        """
        [project]
        name = "arena"
        [tool.stdbpy]
        module = "arena"
        [tool.pytest.ini_options]
        pythonpath = ["."]
        addopts = "-p no:randomly -p no:xdist -p no:hypothesispytest"
        filterwarnings = ["error"]
        """
    )
    return pytester


def test_databases_of_tests(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import arena
        import pytest
        from arena import Player, Team
        from stdbpy.errors import ReducerFailed
        from stdbpy.testing import wait_until

        def test_one(stdb):
            stdb.as_("alice").reducers.join("Ada", Team.RED)
            assert stdb.rows(Player) == [Player(id=1, name="Ada")]

        def test_other(stdb):
            assert stdb.rows(Player) == []
            with stdb.refused("needs a name"):
                stdb.reducers.join("", Team.RED)

        def test_clients(stdb):
            alice, bob = stdb.connect(as_="alice"), stdb.connect()
            bob.subscribe("SELECT * FROM player")
            alice.reducers.join("Ada", Team.BLUE)
            wait_until(lambda: list(bob.db.player) == [Player(id=1, name="Ada", team=Team.BLUE)])

        def test_server(stdb_published):
            with stdb_published.connect(as_="alice") as alice:
                alice.reducers.join("Ada", Team.BLUE)
                assert alice.identity == stdb_published.as_("alice").identity
            ada = Player(id=1, name="Ada", team=Team.BLUE)
            assert stdb_published.rows("player") == stdb_published.rows(Player) == [ada]
            assert stdb_published.as_("bob").rows(Player) == [ada]
            assert stdb_published.call("nap", 0) == "slept for 0"
            assert stdb_published.sql("SELECT name, team FROM player")[0]["name"] == "Ada"
        """
    )
    project.runpytest_subprocess().assert_outcomes(passed=4)


def test_moments_of_two_kinds_are_told_apart(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from datetime import UTC, datetime, timedelta

        from stdbpy import Timestamp

        def test_nap(stdb):
            before = stdb.time
            stdb.advance(timedelta(hours=1))
            assert stdb.time - before == timedelta(hours=1)
            assert Timestamp(1_000_000) == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
        """
    )
    shown = project.runpytest_subprocess()
    shown.stdout.fnmatch_lines(
        [
            "E * assert Timestamp(1000000) == datetime.datetime(1970, 1, 1, 0, 0, 1*",
            "E *A Timestamp is no datetime: compare .to_datetime(), or Timestamp.from_datetime()",
        ]
    )


def test_what_a_failure_shows(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from arena import Team

        def test_bug(stdb):
            stdb.reducers.join("Ada", Team.RED)
            stdb.reducers.fail()

        def test_changed(stdb):
            with stdb.unchanged():
                stdb.reducers.note("new")

        def test_published(stdb_published):
            stdb_published.reducers.join("Bob", Team.RED)
            assert False

        def test_bug_elsewhere(stdb):
            stdb.reducers.fail_later()
            stdb.time += 1_000_000
            stdb.reducers.note("and with it, what is due")
        """
    )
    result = project.runpytest_subprocess("--stdbpy-keep")
    result.assert_outcomes(failed=3, passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_bug_elsewhere*",
            ">*raise LookupError*",
            "E  *ReducerCrashed: 'break_down' has a bug: LookupError: out of luck*",
            ">       print(1 // 0)",
            "E       ZeroDivisionError:*",
            ">       stdb.reducers.fail()",
            "E  *ReducerCrashed: the reducer 'fail' has a bug: ZeroDivisionError: *arena.py:*",
            "*Log of database test*",
            "INFO join: Ada has number 1",
            "PANIC fail: Traceback (most recent call last):",
            "E  *tables have changed:",
            "E  *+ note: Note(text='new')",
            "*Log of database test-*",
            "INFO join: Bob has number 1",
        ]
    )
    assert "sync_connection.py" not in result.stdout.str()
    assert "Table `" not in result.stdout.str()
    folders = [Path(line) for line in result.outlines if "stdbpy-kept/" in line]
    assert [folder.name for folder in folders] == [
        f"test_what_a_failure_shows.py_{name}" for name in ("test_bug", "test_changed", "test_published")
    ]
    kept = [(folder / name).read_text() for folder in folders for name in ("player.jsonl",) if (folder / name).exists()]
    assert kept == [f'{{"id":1,"name":"{name}","team":"RED","score":0}}\n' for name in ("Ada", "Bob")]
    log = (folders[0] / "log.txt").read_text()
    assert "ZeroDivisionError" in log
    assert re.search(r"^2025-01-01T00:00:00Z INFO join arena.py:\d+: Ada has number 1$", log, re.MULTILINE)
    assert not list(project.path.glob(".pytest_cache/d/stdbpy-kept/*elsewhere*"))


def test_a_module_that_cannot_be_loaded(project: pytest.Pytester) -> None:
    module = project.path / "arena.py"
    module.write_text(
        module.read_text().replace("score: u32", "score: int").replace("text: str\n", "text: bytearray\n", 1)
    )
    project.makepyfile("def test_one(stdb): pass\ndef test_two(stdb): pass")
    result = project.runpytest_subprocess()
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        ["The module under test cannot be loaded.", "the module 'arena' has 2 errors", "*arena.py:*int*", "*arena.py:*"]
    )
    assert "Traceback" not in result.stdout.str()


def test_other_modules(project: pytest.Pytester) -> None:
    (project.path / "other.py").write_text("from stdbpy import table, u32\n@table\nclass Thing:\n    size: u32\n")
    project.makepyfile("def test_one(stdb): assert [t.layout.name for t in stdb.tables] == ['thing']")
    project.runpytest_subprocess().assert_outcomes(failed=1)
    project.runpytest_subprocess("--stdbpy-module", "other.py").assert_outcomes(passed=1)
    project.runpytest_subprocess("-o", "stdbpy_module=other.py").assert_outcomes(passed=1)
    project.makeconftest(
        "import pytest\nfrom stdbpy.testing import load_module\n"
        "@pytest.fixture(scope='session')\ndef stdb_module():\n    return load_module('other')\n"
    )
    project.runpytest_subprocess().assert_outcomes(passed=1)


ON_BOTH = """
    import pytest

    @pytest.mark.stdbpy_servers("embedded", "spacetimedb")
    def test_chat(stdb_published, stdb_server):
        alice, bob = stdb_published.as_("alice"), stdb_published.as_("bob")
        alice.reducers.set_name("Ada")
        bob.call("send_message", text="hi")
        assert [row.name for row in stdb_published.rows("user") if row.identity == alice.identity] == ["Ada"]
        with stdb_published.connect(as_=bob) as client, client.subscribe("SELECT * FROM message"):
            assert [message.sender for message in client.db.message] == [bob.identity]
            assert client.identity == bob.identity
        with pytest.raises(Exception, match="Names must not be empty"):
            alice.reducers.set_name("")
        print("on", stdb_server.kind, stdb_server.version, stdb_published.name)
"""


@pytest.mark.real
@pytest.mark.parametrize("version", ["2.8.3", pytest.param("1.2.0", marks=pytest.mark.long)])
def test_the_same_test_on_both_servers(pytester: pytest.Pytester, version: str) -> None:
    program = real_servers.program(f"spacetimedb-standalone-{version}")
    (pytester.path / "chat.wasm").write_bytes(real_servers.wasm("quickstart_chat-1.2.0"))
    pytester.makepyfile(ON_BOTH)
    result = pytester.runpytest_subprocess("--stdbpy-module=chat.wasm", f"--stdbpy-server={program}", "-rA")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*test_chat[[]embedded]*", "on embedded *", f"on spacetimedb {version} *"])


def test_servers_that_are_not_here(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project.path))
    monkeypatch.setenv("HOME", str(project.path))
    monkeypatch.delenv(VARIABLE, raising=False)
    project.makepyfile(ON_BOTH)
    result = project.runpytest_subprocess("-rs", "-k", "spacetimedb")
    result.assert_outcomes(skipped=1, deselected=1)
    result.stdout.fnmatch_lines(["*SpacetimeDB's own server is not installed here. Install it: *"])
    result = project.runpytest_subprocess("-rs", "-k", "spacetimedb", "--stdbpy-server", "nowhere")
    result.stdout.fnmatch_lines([f"*there is no {PROGRAM} at *nowhere*"])


@pytest.mark.real
@pytest.mark.long
@pytest.mark.usefixtures("wasm_cache")
@pytest.mark.parametrize("version", ["2.8.3", "1.2.0"])
def test_the_same_test_of_a_module_in_python_on_both_servers(project: pytest.Pytester, version: str) -> None:
    program = real_servers.program(f"spacetimedb-standalone-{version}")
    project.makepyfile(
        counting="""
        from stdbpy import ReducerContext, ReducerError, column, reducer, table, u32


        @table(public=True)
        class Count:
            name: str = column(primary_key=True)
            number: u32


        @reducer
        def count(ctx: ReducerContext, name: str) -> None:
            if not name:
                raise ReducerError("What?")
            found = ctx.db.count.name.find(name)
            if found is None:
                ctx.db.count.insert(Count(name, 1))
            else:
                ctx.db.count.name.update(Count(name, found.number + 1))
        """,
        test_counting="""
        import pytest
        from counting import Count
        from stdbpy.errors import ReducerFailed

        @pytest.mark.stdbpy_servers("embedded", "spacetimedb")
        @pytest.mark.parametrize("time", [1, 2])
        def test_one(stdb_published, time):
            alice = stdb_published.as_("alice")
            alice.reducers.count("sheep")
            alice.reducers.count("sheep")
            with pytest.raises(ReducerFailed, match=r"What\\?"):
                alice.reducers.count("")
            assert alice.rows(Count) == [Count("sheep", 2)]
        """,
    )
    result = project.runpytest_subprocess(f"--stdbpy-server={program}", "--stdbpy-module=counting.py")
    result.assert_outcomes(passed=4)


@pytest.mark.real
def test_a_module_that_does_not_run_on_the_real_server(project: pytest.Pytester) -> None:
    program = real_servers.program("spacetimedb-standalone-2.8.3")
    project.makepyfile(
        native="import msgspec\nfrom stdbpy import *\n",
        test_native="""
        import pytest

        @pytest.mark.stdbpy_servers("embedded", "spacetimedb")
        def test_one(stdb_published):
            pass
        """,
    )
    result = project.runpytest_subprocess(f"--stdbpy-server={program}", "--stdbpy-module=native.py")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*at setup of test_one[[]spacetimedb]*", "The module under test cannot be built.", "*native.py:1:*msgspec*"]
    )


def test_a_server_that_nobody_knows(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        @pytest.mark.stdbpy_servers("embeded")
        def test_one(stdb_server):
            pass

        @pytest.mark.stdbpy_servers()
        def test_none(stdb_server):
            pass

        def test_other(stdb):
            pass
        """
    )
    result = project.runpytest_subprocess("--strict-markers")
    result.assert_outcomes(errors=2, passed=1)
    takes = "@pytest.mark.stdbpy_servers takes 'embedded' and 'spacetimedb',"
    result.stdout.fnmatch_lines([f"{takes} not 'embeded'. Did you mean 'embedded'[?]", f"{takes} one of them or both."])
    assert "def pytest_generate_tests" not in result.stdout.str()


def test_it_costs_nothing_unused() -> None:
    imported = "import sys, stdbpy.testing.plugin; print(*(name for name in sys.modules if name.startswith('stdbpy')))"
    done = subprocess.run([sys.executable, "-c", imported], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"stdbpy", "stdbpy.testing", "stdbpy.testing.plugin"}


def test_no_project_anywhere(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(stdb): pass")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["The module under test cannot be loaded.", "there is no project *", "*--stdbpy-module*"]
    )
    assert "During handling" not in result.stdout.str()


def test_what_is_kept_is_of_the_last_run(project: pytest.Pytester) -> None:
    def kept_after(code: str) -> list[str]:
        project.makepyfile(test_kept=f"import pytest\nfrom arena import Team\n\n{code}\n    assert False\n")
        result = project.runpytest_subprocess("--stdbpy-keep")
        result.assert_outcomes(failed=1)
        folder = project.path / ".pytest_cache/d/stdbpy-kept"
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jsonl"))

    test = "def test_it(stdb):\n"
    assert kept_after(f"{test}    stdb.reducers.join('Ada', Team.RED)") == [
        "test_kept.py_test_it/note.jsonl",
        "test_kept.py_test_it/player.jsonl",
    ]
    assert kept_after(f"{test}    stdb.table('note').clear()") == []
    [kept] = kept_after(f"@pytest.mark.parametrize('text', ['x' * 300])\n{test.replace(')', ', text)')}    pass")
    assert kept.endswith("/note.jsonl")


def test_what_a_run_without_a_cache_keeps_is_in_one_folder(project: pytest.Pytester) -> None:
    project.makepyfile("def test_one(stdb): assert False\ndef test_two(stdb): assert False")
    result = project.runpytest_subprocess("--stdbpy-keep", "-p", "no:cacheprovider", f"--basetemp={project.path}/t")
    result.assert_outcomes(failed=2)
    one, two = (Path(line) for line in result.outlines if "stdbpy-kept-" in line)
    assert one.parent == two.parent != one
    shutil.rmtree(one.parent)


@pytest.mark.parametrize("said", ["", "--stdbpy-strict", "stdbpy_strict"])
def test_modules_that_keep_something_in_globals(project: pytest.Pytester, said: str) -> None:
    """Wherever they run: in the test's own process, and on a server."""
    arena = project.path / "arena.py"
    counting = """

visits = 0


@reducer
def visit(ctx: ReducerContext) -> None:
    global visits
    visits += 1
    if visits > 1:
        raise ReducerError(f"{visits} visits")
"""
    arena.write_text(arena.read_text() + counting)
    if said.startswith("stdbpy"):
        settings = project.path / "pyproject.toml"
        text = settings.read_text()
        settings.write_text(text.replace("pythonpath", f"{said} = true\npythonpath"))
    project.makepyfile(
        """
        def test_here(stdb):
            stdb.reducers.visit()
            stdb.reducers.visit()

        def test_there(stdb_published):
            stdb_published.reducers.visit()
            stdb_published.reducers.visit()
        """
    )
    result = project.runpytest_subprocess(*([said] if said.startswith("-") else []))
    result.assert_outcomes(**({"passed": 2} if said else {"failed": 2}))


def test_what_wrong_arguments_show(project: pytest.Pytester) -> None:
    """The test's own line and what is wrong with it: nothing of stdbpy's inside."""
    project.makepyfile(
        """
        from arena import Player, Team

        def test_argument(stdb): stdb.reducers.join(3, Team.RED)

        def test_argument_by_name(stdb): stdb.as_("ada").call("join", 3, Team.RED)

        def test_number_of_arguments(stdb): stdb.reducers.join("Ada")

        def test_reducer(stdb): stdb.reducers.joinn("Ada", Team.RED)

        def test_rows(stdb): stdb.rows("playerr")

        def test_table(stdb): stdb.tables.playerr.all()

        def test_insert(stdb): stdb.table(Player).insert(Player(name=3))

        def test_column(stdb): stdb.table(Player).one(nam="Ada")

        def test_published(stdb_published): stdb_published.reducers.join(3, Team.RED)
        """
    )
    result = project.runpytest_subprocess("--tb=long")
    result.assert_outcomes(failed=9)
    result.stdout.fnmatch_lines(
        [
            "E  *EncodeError: name: expected a str, not int 3",
            "E  *EncodeError: name: expected a str, not int 3",
            "E  *TypeError: join takes (name, team)",
            "E  *AttributeError: the module has no reducer 'joinn'. Did you mean 'join'?",
            "E  *NoSuchTable: the module has no table or view 'playerr'",
            "E  *AttributeError: the module has no table or view 'playerr'. Did you mean 'player'?",
            "E  *EncodeError: *name: expected a str, not int 3",
            "E  *TypeError: player has no column 'nam'. Did you mean 'name'?",
            "E  *EncodeError: name: expected a str, not int 3",
        ]
    )
    shown = result.stdout.str()
    assert "During handling" not in shown
    assert not [line for line in result.outlines if re.match(r"\S+\.py:\d+: ", line) and "test_what" not in line]
