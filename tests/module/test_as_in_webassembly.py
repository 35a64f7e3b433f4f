"""What a module could not do inside WebAssembly it cannot do natively; the rest of the process can."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from stdbpy.module.as_in_webassembly import replaced_modules
from stdbpy.module.left_out import LEFT_OUT
from tests.module.running import load_code, problems_of, run


def raised_by(code: str) -> BaseException:
    """What the code of a reducer raises."""
    lines = "\n".join(f"    {line}" for line in code.splitlines())
    game = run(files={"game.py": f"from stdbpy import *\n@reducer\ndef attempt(ctx):\n{lines}\n"})
    with pytest.raises(Exception) as caught:
        game.call("attempt")
    return caught.value


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        ("import asyncio", "asyncio"),
        ("import socket as s", "socket"),
        ("import json, zlib", "zlib"),
        ("import multiprocessing.pool", "multiprocessing"),
        ("import xml.etree.ElementTree", "xml"),
        ("from xml import etree", "xml"),
        ("import http.client", "http.client"),
        ("import urllib.request", "urllib.request"),
        ("from urllib.request import urlopen", "urllib.request"),
        ("from urllib import request", "urllib.request"),
        ("import concurrent.futures.thread", "concurrent.futures.thread"),
        ("from concurrent.futures import ThreadPoolExecutor", "concurrent.futures.thread"),
        ("from concurrent.futures import Future, ProcessPoolExecutor", "concurrent.futures.process"),
        ("import concurrent.futures\nconcurrent.futures.ThreadPoolExecutor(2)", "concurrent.futures.thread"),
        ("import concurrent.futures as cf\ncf.ThreadPoolExecutor", "concurrent.futures.thread"),
        ("from concurrent import futures\nfutures.ThreadPoolExecutor", "concurrent.futures.thread"),
    ],
)
def test_imports_of_what_is_left_out(code: str, missing: str) -> None:
    error = raised_by(code)

    assert isinstance(error, ModuleNotFoundError)
    assert (str(error), error.name) == (f"{missing!r} is not there in WebAssembly: {LEFT_OUT[missing]}", missing)


def test_a_problem_of_the_line_that_imports_it() -> None:
    [problem] = problems_of("\nimport sqlite3")

    assert problem.where == "game.py:3"
    assert problem.message == "'sqlite3' is not there in WebAssembly: " + LEFT_OUT["sqlite3"]
    assert problem.hint == ""


def test_code_that_gets_along_without() -> None:
    game = run("""
        try:
            import zlib
        except ImportError:
            zlib = None
        @reducer
        def show(ctx):
            print(zlib)
    """)
    game.call("show")
    assert game.messages == ["None"]


def test_parts_that_somebody_else_has_imported_are_not_there() -> None:
    error = raised_by("import urllib.parse\nurllib.request")

    assert isinstance(error, AttributeError)
    assert str(error).startswith("module 'urllib' has no attribute 'request': a module reaches the network through")


def test_what_is_beside_it_is_there() -> None:
    load_code("""
        import collections.abc, concurrent.futures, http.cookies, os.path, urllib.parse
        from concurrent.futures import Future
        from http import HTTPStatus
        from threading import *
        from time import *
        assert concurrent.futures.Future is Future and http.HTTPStatus is HTTPStatus
        assert urllib.parse.quote('a b') == 'a%20b'
        assert 'parse' in dir(urllib) and urllib.__path__
        assert time() > 0 and Lock() and current_thread()
    """)


def test_tools_for_developing_can_be_imported() -> None:
    load_code("import bdb, cProfile, doctest, pdb, unittest.mock")


def test_files_of_the_project_may_be_called_alike() -> None:
    load_code("from world import socket\nfrom world.socket import OPEN", files={"world/socket.py": "OPEN = 1"})


@pytest.mark.parametrize("arguments", ["'x'", "'x', 'w'", "__file__, encoding='utf-8'"])
def test_there_are_no_files(arguments: str) -> None:
    error = raised_by(f"open({arguments})")

    assert isinstance(error, FileNotFoundError)
    assert "a module has no file system" in str(error)


def test_there_are_no_open_files() -> None:
    error = raised_by("open(1)")

    assert (type(error), str(error)) == (OSError, "[Errno 9] a module has no file system")


@pytest.mark.parametrize(
    "code",
    [
        "import threading\nthreading.Thread(target=print).start()",
        "from threading import Thread\nThread(target=print).start()",
        "import threading\nclass Mine(threading.Thread): pass\nMine().start()",
        "import threading\nthreading.Timer(1, print).start()",
        "import _thread\n_thread.start_new_thread(print, ())",
    ],
)
def test_no_thread_starts(code: str) -> None:
    error = raised_by(code)

    assert isinstance(error, RuntimeError)
    assert str(error) == "can't start new thread: a module runs in one thread, and starts no other"


@pytest.mark.parametrize(
    "code", ["import time\ntime.sleep(1)", "from time import sleep\nsleep(0)", "from time import *\nsleep(0)"]
)
def test_nothing_sleeps(code: str) -> None:
    if "*" in code:
        [problem] = problems_of(code)
        assert "time.sleep cannot wait" in problem.message
    else:
        assert str(raised_by(code)).startswith("time.sleep cannot wait in a SpacetimeDB module")


def test_others_have_all_of_python(tmp_path: Path) -> None:
    load_code("import time, threading, urllib.parse\ntime.sleep = threading.Thread = urllib.parse = None")

    (tmp_path / "file").write_text("there")
    with open(tmp_path / "file") as file:  # noqa: PTH123 - the builtin is what this is about
        assert file.read() == "there"
    ran = threading.Thread(target=time.sleep, args=(0,))
    ran.start()
    ran.join()


def test_what_one_module_changes_no_other_sees() -> None:
    load_code("import time\ntime.time = None")
    load_code("import time\ntime.time()")


def test_all_that_has_parts_left_out_is_replaced() -> None:
    parents = {name.rpartition(".")[0] for name in LEFT_OUT if "." in name}

    assert parents <= replaced_modules().keys()
