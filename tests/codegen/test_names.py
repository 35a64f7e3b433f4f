import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.codegen.layout import bracketed, import_from, mapping_argument, quoted
from stdbpy.codegen.names import Scope, constant_case, pascal_case, snake_case


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("player", "player"),
        ("insert_one_u128", "insert_one_u128"),
        ("sendMessage", "send_message"),
        ("EnumWithPayload", "enum_with_payload"),
        ("HTTPServer", "http_server"),
        ("SEND_ALL", "send_all"),
    ],
)
def test_snake_case(name: str, expected: str) -> None:
    assert snake_case(name) == expected


def test_constant_and_pascal_case() -> None:
    assert constant_case("InProgress") == "IN_PROGRESS"
    assert constant_case("RED") == "RED"
    assert pascal_case("one_u8") == "OneU8"
    assert pascal_case("OneU8") == "OneU8"


@given(st.lists(st.text(min_size=1), min_size=1))
def test_a_scope_gives_each_name_once_and_only_usable_ones(wanted: list[str]) -> None:
    scope = Scope()
    given_out = [scope.claim(name) for name in wanted]
    assert len(set(given_out)) == len(given_out)
    for name in given_out:
        assert name.isidentifier()
        assert not keyword.iskeyword(name)
        assert not (name.startswith("__") and name.strip("_"))
        assert not (name.startswith("__") and not name.endswith("__"))


def test_long_lines_are_broken_one_item_a_line() -> None:
    assert bracketed("f(", ["a", "b"], ")") == "f(a, b)"
    items = ["x" * 40, "y" * 50]
    assert bracketed("f(", items, ")") == f"f(\n    {items[0]},\n    {items[1]},\n)"


def test_imports_are_sorted_as_isort_does() -> None:
    assert import_from("m", ["b", "A", "CONST"]) == "from m import CONST, A, b\n"
    assert import_from("m", []) == ""


def test_quotes() -> None:
    assert quoted("it") == '"it"'
    assert quoted('say "it"') == "'say \"it\"'"


@pytest.mark.parametrize(("letters", "lines"), [(75, 1), (76, 3)])
def test_an_argument_fits_a_line_with_its_comma(letters: int, lines: int) -> None:
    argument = mapping_argument("it", [("x" * letters, "1")])
    assert len(argument.splitlines()) == lines
    assert len(f"    {argument.splitlines()[-1]},") <= 88
