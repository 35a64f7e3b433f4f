"""The headers in which values of an environment travel."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.errors import DecodeError
from stdbpy.schema.environment import EnvironmentUpdate
from stdbpy.schema.environment_headers import REMOVE, SET, headers_of, update_of

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.dictionaries(NAMES, TEXTS), st.booleans())
def test_what_is_written_is_read(values: dict[str, str], joined: bool) -> None:
    lines = [value for _, value in headers_of(EnvironmentUpdate(values))]
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert update_of([", ".join(lines)] if joined else lines, []).values == values


def test_bare_values_stay_bare() -> None:
    update = EnvironmentUpdate({"URL": "https://x.io/a?b=1&c=%20", "SAY": "it's", "EMPTY": ""}, ("OLD", "_B"))
    assert list(headers_of(update)) == [
        (SET, "EMPTY="),
        (SET, 'SAY="it\'s"'),
        (SET, "URL=https://x.io/a?b=1&c=%20"),
        (REMOVE, "OLD, _B"),
    ]
    assert list(headers_of(EnvironmentUpdate(removes_all=True))) == [(REMOVE, "*")]


def test_what_people_write() -> None:
    read = update_of(
        ['A=1,B="two words" , C="x,y",D=""', "\tE=5\t", "F='it, \"is\" \\n literal', G=''", ", ,H=8,,"], ["I, J", "K"]
    )
    assert read.values == {
        "A": "1", "B": "two words", "C": "x,y", "D": "", "E": "5", "F": 'it, "is" \\n literal', "G": "", "H": "8",
    }  # fmt: skip
    assert (read.removed, read.removes_all) == (("I", "J", "K"), False)
    assert update_of([], ["*"]).removes_all


@pytest.mark.parametrize(
    "headers",
    [
        ["NO_EQUALS"], ["1BAD=x"], ["BAD-KEY=x"], ["A =x"], ["A=1", "A=2"], ["A=1, A=2"], ["A=has space"],
        ["A=one B=two"], ['A=has"quote'], ["A=it's"], ["A='open"], ["A='x'y"], ["A=back\\slash"], ['A="open'],
        ['A="x"y'], ['A="bad \\q escape"'], ['A="raw\ttab"'], ['A="\\ud800"'], ["A=\xe9"], ["A=" + "x" * 8193],
        ["A" * 257 + "=x"],
    ],
)  # fmt: skip
def test_what_is_refused(headers: list[str]) -> None:
    with pytest.raises(DecodeError) as error:
        update_of(headers, [])
    assert "one" not in str(error.value)


@pytest.mark.parametrize("headers", [["A, *"], ["*, A"], ["*, *"], ["*", "A"], ['"A"'], ["A-B"]])
def test_what_cannot_be_removed(headers: list[str]) -> None:
    with pytest.raises(DecodeError):
        update_of([], headers)
