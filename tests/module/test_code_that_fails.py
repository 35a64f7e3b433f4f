"""Whatever a module's code raises while it is loaded, the one who loads it gets a problem."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from stdbpy.errors import ModuleLoadError
from stdbpy.module.load import load
from stdbpy.module.package import ModuleSource

HEAD = "import importlib, sys; asyncio = importlib.import_module('asyncio')\nimport stdbpy\nfrom stdbpy import *\n"


def problem(code: str) -> tuple[str, str]:
    """Where it is, and what it says; the code runs in a thread as in the server."""
    source = ModuleSource({"m.py": (HEAD + code).encode()}, "m")
    with ThreadPoolExecutor(1) as thread, pytest.raises(ModuleLoadError) as caught:
        thread.submit(load, source).result()
    (found,) = caught.value.problems
    found.message.encode()
    return found.where, found.message


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        ("KeyboardInterrupt", "KeyboardInterrupt"),
        ("SystemExit(3)", "SystemExit: 3"),
        ("GeneratorExit", "GeneratorExit"),
        ("asyncio.CancelledError", "asyncio.exceptions.CancelledError"),
        ("BaseExceptionGroup('no', [KeyboardInterrupt()])", "BaseExceptionGroup: no (1 sub-exception)"),
        ("StopIteration", "StopIteration"),
        ("ValueError('\\ud800')", "ValueError: \\ud800"),
        ("SystemExit('\\ud800')", "SystemExit: \\ud800"),
        ("ReducerError(5)", "5"),
        ("ModuleNotFoundError('x', name=5)", "ModuleNotFoundError: x"),
        ("ImportError(5, name='stdbpy')", "ImportError: 5"),
        ("NameError('x', name=[])", "NameError: x"),
        ("SyntaxError('x', (__file__, 'a', 2, 5))", "SyntaxError: x"),
        ("SyntaxError(3)", "SyntaxError: 3"),
    ],
)
def test_any_error(raised: str, message: str) -> None:
    assert problem(f"x = 1\nraise {raised}\n") == ("m.py:a" if "'a'" in raised else "m.py:5", message)


def test_an_error_that_cannot_be_shown() -> None:
    code = "raise SyntaxError('x', ([], 'a', 2, 5))"
    assert problem(code) == ("m.py:4", "SyntaxError")


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        ("sys.exit(3)", "SystemExit: 3"),
        ("stdbpy.u65", "AttributeError: module 'stdbpy' has no attribute 'u65'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_annotations_are_code_too(annotation: str, message: str) -> None:
    where, said = problem(f"@table(name='t')\nclass T:\n    id: '{annotation}'\n")
    assert message in said
    assert where.startswith("m")


@pytest.mark.parametrize("value", ["None", "5", "object()"])
def test_a_module_that_is_something_else(value: str) -> None:
    source = ModuleSource({"m.py": f"{HEAD}sys.modules[__name__] = {value}\n".encode()}, "m")
    assert load(source).schema.tables == ()


def test_a_user_who_interrupts_is_heard() -> None:
    """Ctrl-C comes to the main thread, wherever that is, such as in a module that `stdbpy build` loads."""
    finders, modules = list(sys.meta_path), set(sys.modules)
    with pytest.raises(KeyboardInterrupt):
        load(ModuleSource({"m.py": b"raise KeyboardInterrupt"}, "m"))
    assert sys.meta_path == finders
    assert set(sys.modules) == modules
