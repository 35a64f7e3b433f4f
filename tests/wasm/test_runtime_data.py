"""The packaged runtime is what this checkout's recipe would build, as far as that shows without building it."""

from __future__ import annotations

import hashlib
import json
import lzma
import marshal
from typing import Any

import pytest

from runtime.fingerprint import fingerprint
from runtime.package_data import LIBRARY, PROGRAM, TARGET
from runtime.sources import PYTHON, PYTHON_VERSION
from stdbpy.module.left_out import LEFT_OUT

MOST_BYTES = 5_000_000
"""Of a wheel, for all that is in the folder."""


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((TARGET / "runtime.json").read_text())
    return read


def test_is_made_of_the_sources_that_are_here(described: dict[str, Any]) -> None:
    assert described["fingerprint"] == fingerprint(), "runtime/ has changed: run `make wasm-runtime`"


def test_says_what_it_was_made_of(described: dict[str, Any]) -> None:
    assert (described["python"], described["python_source_sha256"]) == (PYTHON_VERSION, PYTHON.sha256)
    assert described["left_out"] == LEFT_OUT


@pytest.mark.parametrize("name", [PROGRAM, LIBRARY])
def test_holds_what_it_says(described: dict[str, Any], name: str) -> None:
    content = lzma.decompress((TARGET / f"{name}.xz").read_bytes())

    assert described["files"][name] == {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_the_library_has_all_but_what_is_left_out() -> None:
    library = marshal.loads(lzma.decompress((TARGET / f"{LIBRARY}.xz").read_bytes()))

    assert {"dataclasses", "json.decoder", "re._parser", "tomllib", "urllib.parse", "zoneinfo"} <= library.keys()
    assert not library.keys() & LEFT_OUT.keys()
    assert library["json"][0] and not library["json.decoder"][0]


def test_is_small_enough_for_a_wheel() -> None:
    assert sum(path.stat().st_size for path in TARGET.rglob("*") if path.is_file()) <= MOST_BYTES


def test_licenses_of_all_that_is_linked_are_there() -> None:
    licenses = {path.stem: path.read_text() for path in (TARGET / "licenses").glob("*.txt")}

    for name, words in {
        "python": "PYTHON SOFTWARE FOUNDATION LICENSE",
        "python-incorporated-software": "libmpdec",
        "hacl": "HACL* Contributors",
        "wasi-libc": "Apache",
        "musl": "musl",
        "cloudlibc": "Nuxi",
        "dlmalloc": "public domain",
        "zig-compiler-rt": "Permission is hereby granted",
    }.items():
        assert words in licenses[name], name


@pytest.mark.parametrize("name", [PROGRAM, LIBRARY])
def test_nothing_in_it_names_the_machine_that_built_it(name: str) -> None:
    content = lzma.decompress((TARGET / f"{name}.xz").read_bytes())

    assert not [folder for folder in (b"/root/", b"/home/", b"/Users/", b"stdbpy-wasm-runtime") if folder in content]
