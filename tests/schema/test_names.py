from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.sats.types import IDENTITY, SCHEDULE_AT, Primitive, TypeRef, option, product, result, sum_of
from stdbpy.schema import CasePolicy
from stdbpy.schema.identifiers import identifier_fault
from stdbpy.schema.names import camel_case, canonical_name, canonical_type, canonical_type_name, pascal_case, snake_case

U8 = Primitive.U8


@pytest.mark.parametrize(
    ("name", "snake", "camel", "pascal"),
    [
        ("insert_one_u128", "insert_one_u_128", "insertOneU128", "InsertOneU128"),
        ("insertOneU128", "insert_one_u_128", "insertOneU128", "InsertOneU128"),
        ("HTTPRequest", "http_request", "httpRequest", "HttpRequest"),
        ("getHTTP", "get_http", "getHttp", "GetHttp"),
        ("userID", "user_id", "userId", "UserId"),
        ("user2ID", "user_2_id", "user2Id", "User2Id"),
        ("fooBar2Baz", "foo_bar_2_baz", "fooBar2Baz", "FooBar2Baz"),
        ("A1b", "a_1_b", "a1B", "A1B"),
        ("123abc", "123_abc", "123Abc", "123Abc"),
        ("__private__", "private", "private", "Private"),
        ("a__b", "a_b", "aB", "AB"),
        ("Already_Snake", "already_snake", "alreadySnake", "AlreadySnake"),
        ("kebab-case name", "kebab_case_name", "kebabCaseName", "KebabCaseName"),
        ("_", "", "", ""),
        ("ñandúÉcole", "ñandú_école", "ñandúÉcole", "ÑandúÉcole"),
        ("straßeNr", "straße_nr", "straßeNr", "StraßeNr"),
        ("ΑΣ", "ας", "ας", "Ασ"),
        ("日本A語b", "日本a語b", "日本a語b", "日本a語b"),
        ("x\u0331Y", "x\u0331_y", "x\u0331Y", "X\u0331Y"),
    ],
)
def test_words_are_split_and_joined_as_the_server_does(name: str, snake: str, camel: str, pascal: str) -> None:
    assert (snake_case(name), camel_case(name), pascal_case(name)) == (snake, camel, pascal)


@given(st.text(string.ascii_letters + string.digits + "_", max_size=12))
def test_what_was_made_snake_case_stays(name: str) -> None:
    assert snake_case(snake_case(name)) == snake_case(name)
    assert snake_case(name) == snake_case(name).lower()


@given(st.text(max_size=12))
def test_conversion_only_changes_case_and_separators(name: str) -> None:
    def letters(text: str) -> str:
        return text.translate({ord(separator): None for separator in "_- "}).upper().lower()

    assert letters(snake_case(name)) == letters(name)


def test_policy_none_keeps_names() -> None:
    assert canonical_name("fooBar", CasePolicy.NONE) == "fooBar"
    assert canonical_type_name("foo_bar", CasePolicy.NONE) == "foo_bar"
    type = product(("fooBar", sum_of(("A_B", U8))))
    assert canonical_type(type, CasePolicy.NONE) is type


def test_fields_become_snake_and_variants_camel_case_inside_and_out() -> None:
    type = product(("fooBar", sum_of(("SomeThing", product(("xY", U8))))), ("ref", TypeRef(3)), (None, U8))
    assert canonical_type(type, CasePolicy.SNAKE_CASE) == product(
        ("foo_bar", sum_of(("someThing", product(("x_y", U8))))), ("ref", TypeRef(3)), (None, U8)
    )


@pytest.mark.parametrize(
    "special", [IDENTITY, SCHEDULE_AT, option(product(("fooBar", U8))), result(U8, product(("fooBar", U8)))]
)
def test_special_types_keep_their_names_and_what_they_hold(special: object) -> None:
    assert canonical_type(special, CasePolicy.SNAKE_CASE) == special


@pytest.mark.parametrize("name", ["a", "_", "_9", "größe", "名前", "select", "a" * 500])
def test_names_that_may_be_used(name: str) -> None:
    assert identifier_fault(name) == ""


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "is empty"),
        ("9a", "starts with '9'"),
        ("-", "starts with '-'"),
        ("a b", "holds ' '"),
        ("a.b", "holds '.'"),
        ("a\u200b", "holds"),
        (unicodedata.normalize("NFD", "é"), "normalization form C"),
    ],
)
def test_names_that_may_not(name: str, fault: str) -> None:
    assert fault in identifier_fault(name)
