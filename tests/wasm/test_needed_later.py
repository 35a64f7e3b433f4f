"""What functions may import when a program runs, told from its sources."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stdbpy.wasm.inside_code import InsideCode
from stdbpy.wasm.needed_later import imported_names, needed_later, needed_of_runtime

INSIDE = InsideCode(
    key="",
    library={},
    own=dict.fromkeys(["stdbpy", "stdbpy.wasm.guest.program", "stdbpy.sats", "stdbpy.sats.ranges"], ()),
    at_import={
        "stdbpy": ["stdbpy.sats.ranges", "stdbpy.sats.ranges.Range", "stdbpy.query", "stdbpy.query.Query"],
        "stdbpy.wasm.guest.program": ["logging", "stdbpy.sats"],
        "stdbpy.sats": ["typing", "for_type_checkers"],
        "stdbpy.sats.ranges": ["bisect"],
        "logging": ["string"],
        "statistics": ["fractions"],
        "fractions": ["numbers"],
    },
    in_functions={"stdbpy.sats": ["uuid"], "statistics": ["random"], "fractions": ["argparse"], "logging": ["pickle"]},
)
ALWAYS = {"stdbpy", "stdbpy.wasm", "stdbpy.wasm.guest", "stdbpy.wasm.guest.program", "stdbpy.sats", "logging", "string"}
ALWAYS |= {"typing", "uuid"}


def later(source: str, imported: tuple[str, ...] = ("stdbpy.sats", "typing"), **dependencies: str) -> set[str]:
    sources = {name: (f"{name}.py", text.encode()) for name, text in dependencies.items()}
    return needed_later({"game.py": source.encode()}, sources, INSIDE, imported) | set(imported)


def test_what_any_program_needs() -> None:
    """Of what was imported, names that were not are for type checkers alone."""
    assert later("") == ALWAYS


def test_what_is_named_keeps_what_its_functions_import_and_what_is_behind_it_only_what_it_cannot_do_without() -> None:
    assert later("def f():\n    import statistics\n") == ALWAYS | {"statistics", "fractions", "numbers", "random"}


def test_what_stdbpy_offers_is_kept_when_its_name_is_used() -> None:
    assert later("import stdbpy\ndef f(): return stdbpy.Range\n") == ALWAYS | {
        *("stdbpy.sats.ranges", "stdbpy.sats.ranges.Range", "bisect")
    }


def test_packages_that_are_brought_along_count_as_sources() -> None:
    found = later("def f():\n    import pears\n", pears="def g():\n    import fractions, stdbpy\n    stdbpy.Query\n")

    assert found == ALWAYS | {"pears", "fractions", "numbers", "argparse", "stdbpy.query", "stdbpy.query.Query"}


def test_of_what_is_in_c_whatever_any_module_names_is_needed() -> None:
    inside = replace(
        INSIDE,
        at_import={"hashlib": ["_hashlib"], "re._parser": ["_sre"]},
        in_functions={"hashlib": ["_md5"], "re._parser": ["unicodedata"]},
    )

    assert needed_of_runtime({"stdbpy", "math"}, {"hashlib"}, inside) == {"math", "_hashlib", "_md5"}
    assert needed_of_runtime((), {"re._parser"}, inside) == {"_sre"}  # patterns have no names of characters
    assert needed_of_runtime({"unicodedata"}, {"re._parser"}, inside) == {"_sre", "unicodedata"}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import a.b, c as d", {"a.b", "c"}),
        ("from a import b", {"a", "a.b"}),
        ("from . import b", {"shop", "shop.b"}),
        ("from .stock import b", {"shop.stock", "shop.stock.b"}),
        ("from .. import b", {"", ".b"}),
        ("class A:\n def f(self):\n  import deep", {"deep"}),
        ("from t import TYPE_CHECKING\nif TYPE_CHECKING:\n import a\nelse:\n import b", {"t", "t.TYPE_CHECKING", "b"}),
        ("import typing\nif typing.TYPE_CHECKING: import a", {"typing"}),
        ("x.import_module('a.b')", {"a.b"}),
        ("import_module('.inner', __name__)", {"shop.tills.inner"}),
        ("import_module('.inner', package=__package__)", {"shop.inner"}),
        ("__import__('a.b')", {"a.b"}),
        ("x.get('email', 'random')", {"encodings.email", "encodings.random"}),
        ("import_module(f'shop.{name}')", {"shop.*"}),
        ("pkgutil.iter_modules(__path__)", {"shop.*"}),
        ("x.decode('Latin-1')", {"encodings.latin_1"}),
        ("x.decode(encoding='cp1252')", {"encodings.cp1252"}),
        (r"x = '\N{EM DASH}'", {"unicodedata"}),
        (r"x = re.compile(r'\N{EM DASH}')", {"unicodedata", "encodings.n_em_dash"}),
        ("x(errors='namereplace')", {"unicodedata", "encodings.namereplace"}),
        ("def grüße(): pass", {"unicodedata"}),
        ("x = 'é' + 'no encoding of course, far too long'", set()),
        ("def f[T](x): import later", {"def", "f", "T", "x", "import", "later"}),
    ],
)  # fmt: skip
def test_names_in_imports(source: str, names: set[str]) -> None:
    assert imported_names("shop/tills.py", source.encode()) >= names
    if not source.startswith("def f["):  # what this version of Python understands is read exactly
        assert imported_names("shop/tills.py", source.encode()) == names


def test_a_file_that_is_too_long_to_be_parsed_may_import_what_its_words_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stdbpy.wasm.needed_later.LONGEST_PARSED", 10)
    source = b"X = ['data']\ndef f():\n    import a.b\n    from c.d import e\n"

    assert imported_names("shop/data.py", source) >= {"a.b", "c.d", "c.d.e", "data"}
    assert "unicodedata" in imported_names("shop/data.py", rb"X = ['\N{EM DASH}']")
