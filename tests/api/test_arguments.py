"""The arguments of a call: which spellings of a value are taken, what is sent for them, what is said of mistakes."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable

import pytest

from stdbpy.api.arguments import Function, find_function
from stdbpy.errors import InvalidArguments, NotFound
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.sats.types import (
    BYTES,
    CONNECTION_ID,
    IDENTITY,
    SCHEDULE_AT,
    TIME_DURATION,
    TIMESTAMP,
    UUID,
    AlgebraicType,
    ArrayType,
    Primitive,
    ProductType,
    TypeRef,
    option,
    product,
    sum_of,
)
from stdbpy.schema.model import Lifecycle, ModuleSchema, Procedure, Reducer, Submodule

UNIT = ProductType()
LEVEL = sum_of(("FREE", UNIT), ("PRO", UNIT), ("Custom", Primitive.U8))
SPACE: tuple[AlgebraicType, ...] = (LEVEL, product(("level", TypeRef(0)), ("next", option(TypeRef(0)))))
STRING = Primitive.STRING


def function(*params: tuple[str, AlgebraicType]) -> Function:
    return Function("db", "f", Reducer("f", "f", product(*params)), ModuleSchema(typespace=SPACE))


def sent(word: str, type: AlgebraicType) -> object:
    return json.loads(function(("value", type)).encode([word]))[0]


def refused(encode: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(InvalidArguments) as caught:
        encode()
    return caught.value.message, caught.value.hint


# --- one value -------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["PRO", '"PRO"', '{"PRO": []}'])
def test_a_variant_without_payload_is_its_name(word: str) -> None:
    assert sent(word, TypeRef(0)) == {"PRO": []}


@pytest.mark.parametrize(
    ("word", "type", "expected"),
    [
        ('{"Custom": 3}', TypeRef(0), {"Custom": 3}),
        ('["PRO", {"FREE": []}]', ArrayType(TypeRef(0)), [{"PRO": []}, {"FREE": []}]),
        (
            '{"level": "PRO", "next": {"some": "FREE"}}',
            TypeRef(1),
            {"level": {"PRO": []}, "next": {"some": {"FREE": []}}},
        ),
        ('["PRO", [0, "FREE"]]', TypeRef(1), [{"PRO": []}, [0, {"FREE": []}]]),
        ('{"level": "PRO", "next": "FREE"}', TypeRef(1), {"level": {"PRO": []}, "next": {"some": {"FREE": []}}}),
        ("none", option(STRING), {"none": []}),
        ("null", option(STRING), {"none": []}),
        ("PRO", STRING, "PRO"),
    ],
)
def test_also_inside_other_values(word: str, type: AlgebraicType, expected: object) -> None:
    assert sent(word, type) == expected


@pytest.mark.parametrize(
    ("word", "type", "expected"),
    [
        ("hello", STRING, "hello"),
        ('"hello"', STRING, "hello"),
        ('"', STRING, '"'),
        ('"a\\nb"', STRING, "a\nb"),
        ("5", STRING, "5"),
        ("a==b", STRING, "a==b"),
        ("", STRING, ""),
        ("hello", option(STRING), {"some": "hello"}),
        ("5", option(STRING), {"some": "5"}),
        ('"5"', option(STRING), {"some": "5"}),
        ('{"some": "none"}', option(STRING), {"some": "none"}),
        ("5", option(Primitive.U8), {"some": 5}),
        ("[0, [5]]", option(ArrayType(Primitive.I8)), [0, [5]]),
        ("[1, 2, 3]", option(ArrayType(Primitive.I8)), {"some": [1, 2, 3]}),
        (str(2**256 - 1), Primitive.U256, hex(2**256 - 1)),
        ("-5", Primitive.I256, "-0x5"),
        ("0xff", Primitive.U256, "0xff"),
        ("0xff", option(Primitive.U256), {"some": "0xff"}),
        ("00ff", BYTES, "00ff"),
        ("0x00FF", BYTES, "00FF"),
        ("1234", BYTES, "1234"),
        ("", BYTES, ""),
        ("[0, 255]", BYTES, [0, 255]),
        ("1234", option(BYTES), {"some": "1234"}),
        ("12" * 32, IDENTITY, [f"0x{'12' * 32}"]),
        (f'"0x{"ab" * 32}"', IDENTITY, [f"0x{'ab' * 32}"]),
        (f'{{"__identity__": "0x{"ab" * 32}"}}', IDENTITY, {"__identity__": f"0x{'ab' * 32}"}),
        ("12" * 16, CONNECTION_ID, [int("12" * 16, 16)]),
        ("2026-01-02T03:04:05.000006Z", TIMESTAMP, [1767323045000006]),
        ("[5]", TIMESTAMP, [5]),
        ("+1.5", TIME_DURATION, [1_500_000]),
        ("-0.000001", TIME_DURATION, [-1]),
        ('{"Interval": "60"}', SCHEDULE_AT, {"Interval": [60_000_000]}),
        ("00000000-0000-0000-0000-0000000000ff", UUID, [255]),
    ],
)
def test_what_has_a_text_of_its_own(word: str, type: AlgebraicType, expected: object) -> None:
    assert sent(word, type) == expected


@pytest.mark.parametrize("word", ["Custom", '"Custom"', "pro", "GOLD", '"GOLD"'])
def test_what_is_no_variant_without_payload_is_refused(word: str) -> None:
    with pytest.raises(InvalidArguments, match="the argument 'value' of f cannot be"):
        sent(word, TypeRef(0))


def test_numbers_keep_every_digit() -> None:
    assert function(("value", Primitive.U128)).encode([str(2**128 - 1)]) == f"[{2**128 - 1}]".encode()
    assert function(("value", Primitive.U128)).encode_json(f"[{2**128 - 1}]") == f"[{2**128 - 1}]".encode()


@pytest.mark.parametrize(
    ("word", "type", "reason"),
    [
        ("soon", Primitive.U32, "the text 'soon'"),
        ("[1", ArrayType(Primitive.U8), "it is not JSON"),
        ("{x}", TypeRef(1), "it is not JSON"),
        ('"\\x"', STRING, "it is not JSON"),
        ("NaN", Primitive.F64, "NaN has no JSON"),
        ("[Infinity]", ArrayType(Primitive.F64), "Infinity has no JSON"),
        ("ab", IDENTITY, "cannot be 'ab': it is 64 hex digits"),
        ("0x99", IDENTITY, "cannot be '0x99': it is 64 hex digits"),
        ("99", IDENTITY, "cannot be '99': it is 64 hex digits"),
        ("arena", option(IDENTITY), "cannot be 'arena': it is 64 hex digits"),
        ("ab", CONNECTION_ID, "cannot be 'ab': it is 32 hex digits"),
        ('{"__identity": "0x1"}', IDENTITY, "__identity__"),
        ("2026-01-02", TIMESTAMP, "the text '2026-01-02'"),
        ("[" * 100_000, ArrayType(STRING), "nested too deep"),
    ],
)
def test_what_does_not_fit(word: str, type: AlgebraicType, reason: str) -> None:
    message, hint = refused(lambda: sent(word, type))
    assert message.startswith("the argument 'value' of f ")
    assert reason in message
    assert len(message) < 250
    assert hint.startswith("It is f(value: ")
    assert "as in: stdbpy call db f " in hint


def test_the_example_of_an_identity_is_what_one_would_type() -> None:
    called = function(
        ("who", IDENTITY), ("connection", CONNECTION_ID), ("other", option(IDENTITY)), ("all", ArrayType(IDENTITY))
    )
    identity, connection = f"{1:064x}", f"{1:032x}"
    words = [identity, connection, f'"{identity}"', f'["{identity}"]']
    assert called.sample() == shlex.join(("stdbpy", "call", "db", "f", *words))
    assert json.loads(called.encode(words)) == [
        [f"0x{identity}"],
        [1],
        {"some": [f"0x{identity}"]},
        [[f"0x{identity}"]],
    ]


# --- several words ---------------------------------------------------------------------------

ADD = function(("name", STRING), ("age", Primitive.U8), ("level", TypeRef(0)))


@pytest.mark.parametrize(
    "words",
    [
        ("Ada", "3", "PRO"),
        ("name=Ada", "age=3", "level=PRO"),
        ("level=PRO", "age=3", "name=Ada"),
        ("Ada", "level=PRO", "age=3"),
    ],
)
def test_arguments_go_by_place_or_name(words: tuple[str, ...]) -> None:
    assert json.loads(ADD.encode(words)) == ["Ada", 3, {"PRO": []}]


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ((), "f takes 3 arguments, not 0", ""),
        (("Ada", "3"), "f takes 3 arguments, not 2", ""),
        (("Ada", "3", "PRO", "x"), "f takes 3 arguments, not 4", ""),
        (("a", "b", "c", "level=PRO"), "the argument 'level' of f is given twice", ""),
        (("name=Ada", "level=PRO"), "the argument 'age' of f is missing", ""),
        (("Ada", "level=PRO"), "the argument 'age' of f is missing", ""),
        (("Ada", "name=Bob", "age=3"), "the argument 'name' of f is given twice", ""),
        (("age=1", "age=3"), "the argument 'age' of f is given twice", ""),
        (("age=3", "Ada"), "'Ada' stands behind an argument with a name, so it needs one too", ""),
        (("nam=Ada", "3", "PRO"), "f has no parameter 'nam'", "Did you mean 'name'? "),
        (
            ("age=3", "x=y", "z"),
            "f has no parameter 'x'",
            "Text with an equals sign can be quoted: '\"x=y\"'. ",
        ),
    ],
)
def test_mistakes_with_names(words: tuple[str, ...], message: str, hint: str) -> None:
    said, hinted = refused(lambda: ADD.encode(words))
    assert said == message
    assert hinted.startswith(hint + "It is f(name: str, age: u8, level: ")


def test_text_that_looks_like_a_name_can_be_quoted() -> None:
    assert sent('"value=x"', STRING) == "value=x"
    assert sent("other=x", STRING) == "other=x"


# --- files -----------------------------------------------------------------------------------

FILES = {
    "text": "Hello\n“there”\n".encode(),
    "json": b' ["PRO", null]\n',
    "bytes": b"\x00\xff",
    "-": b'["Ada", 3, "PRO"]',
    "object": b'{"level": "PRO", "name": "Ada", "age": 3}',
}


def read(source: str) -> bytes:
    if source not in FILES:
        raise FileNotFoundError(2, "No such file or directory", source)
    return FILES[source]


@pytest.mark.parametrize(
    ("word", "type", "expected"),
    [
        ("@text", STRING, "Hello\n“there”\n"),
        ("value=@text", STRING, "Hello\n“there”\n"),
        ("-", STRING, '["Ada", 3, "PRO"]'),
        ("@json", STRING, ' ["PRO", null]\n'),
        ("@json", TypeRef(1), [{"PRO": []}, {"none": []}]),
        ("@bytes", BYTES, "00ff"),
        ('"@text"', STRING, "@text"),
        ('"-"', STRING, "-"),
        ("@", STRING, "@"),
    ],
)
def test_values_from_files(word: str, type: AlgebraicType, expected: object) -> None:
    assert json.loads(function(("value", type)).encode([word], read)) == [expected]


@pytest.mark.parametrize("word", ["-", "@object"])
def test_all_arguments_from_one_file(word: str) -> None:
    assert json.loads(ADD.encode([word], read)) == ["Ada", 3, {"PRO": []}]


@pytest.mark.parametrize(
    ("word", "type", "message"),
    [
        ("@missing", STRING, "the argument 'value' of f cannot be read from 'missing': No such file or directory"),
        ("@bytes", STRING, "the argument 'value' of f cannot be @bytes: that is not text in UTF-8"),
        ("@text", TypeRef(1), "the argument 'value' of f cannot be 'Hello\\n“there”\\n': it is not JSON"),
    ],
)
def test_files_that_do_not_fit(word: str, type: AlgebraicType, message: str) -> None:
    said, hint = refused(lambda: function(("value", type)).encode([word], read))
    assert said == message
    assert "It is f(value: " in hint
    if "missing" in word:
        assert hint.startswith("Text that begins like that is quoted: '\"@missing\"'. ")


# --- JSON ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ['["Ada", 3, "PRO"]', b'{"age": 3, "name": "Ada", "level": {"PRO": []}}'])
def test_lists_and_objects(text: str | bytes) -> None:
    assert json.loads(ADD.encode_json(text)) == ["Ada", 3, {"PRO": []}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('["Ada"]', "f takes 3 arguments, not 1"),
        ('{"name": "Ada", "age": 3}', "the argument 'level' of f is missing"),
        ('{"name": "Ada", "age": 3, "levl": 0}', "f has no parameter 'levl'"),
        ('["Ada", 300, "PRO"]', "the argument 'age' of f cannot be 300: "),
        ('["Ada", 3, "PRO"', 'the arguments of f cannot be \'["Ada", 3, "PRO"\': it is not JSON'),
        ("3", "the arguments of f cannot be 3: they are a JSON list, or an object with their names"),
        (b"\xff", "the arguments of f cannot be these bytes: that is not text in UTF-8"),
    ],
)
def test_lines_that_do_not_fit(text: str | bytes, message: str) -> None:
    assert refused(lambda: ADD.encode_json(text))[0].startswith(message)


# --- functions -------------------------------------------------------------------------------

MODULE = ModuleSchema(
    reducers=(Reducer("add", "add", UNIT), Reducer("start", "start", UNIT, Lifecycle.INIT)),
    procedures=(Procedure("total", "total", UNIT, Primitive.U64),),
    submodules=(Submodule("auth", "auth", ModuleSchema(reducers=(Reducer("add", "add", product(("x", STRING))),))),),
)


def test_functions_are_found_by_the_name_that_callers_use() -> None:
    assert [find_function(MODULE, "db", name).definition.name for name in ("add", "total", "start")] == [
        "add",
        "total",
        "start",
    ]
    assert find_function(MODULE, "db", "auth.add").definition.params.names == ("x",)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ad", "Did you mean 'add'?"),
        ("auth.ad", "Did you mean 'auth.add'?"),
        ("totl", "Did you mean 'total'?"),
        ("strt", "It has add, auth.add, total"),
    ],
)
def test_the_nearest_function(name: str, hint: str) -> None:
    with pytest.raises(NotFound) as caught:
        find_function(MODULE, "db", name)
    assert (caught.value.message, caught.value.hint) == (
        f"the database 'db' has no reducer or procedure {name!r}",
        hint,
    )


TEAM = sum_of(("RED", UNIT), ("BLUE", UNIT))


def test_an_enum_is_told_by_its_names() -> None:
    called = function(("team", TEAM))
    usage = "It is f(team: RED | BLUE), as in: stdbpy call db f RED"
    assert refused(lambda: called.encode(["GOLD"])) == (
        "the argument 'team' of f cannot be 'GOLD': it is RED or BLUE",
        usage,
    )
    assert refused(lambda: called.encode(["BLU"]))[1].startswith("Did you mean 'BLUE'?")
    assert refused(lambda: called.encode(["{}"]))[0].endswith("cannot be '{}': it is RED or BLUE")


def test_a_name_that_no_variant_has_is_told_with_those_that_there_are() -> None:
    message = refused(lambda: function(("levels", ArrayType(ArrayType(LEVEL)))).encode(['[["GOLD"]]']))[0]
    assert "there is no variant 'GOLD' (variants: FREE, PRO, Custom)" in message
    assert "not the text 'Custom'" in refused(lambda: function(("level", LEVEL)).encode(["Custom"]))[0]


def test_the_words_of_a_sample_are_short_and_taken() -> None:
    pair = product(("team", option(TEAM)), ("level", TypeRef(0)))
    called = function(
        ("name", STRING), ("team", TEAM), ("maybe", option(TEAM)), ("pair", pair), ("all", ArrayType(pair))
    )
    words = shlex.split(called.sample())[4:]
    assert words == ["name", "RED", '"RED"', '{"team": "RED", "level": "FREE"}', '[{"team": "RED", "level": "FREE"}]']
    assert json.loads(called.encode(words))[:3] == ["name", {"RED": []}, {"some": {"RED": []}}]


def test_samples_are_taken() -> None:
    for type in (STRING, Primitive.U256, IDENTITY, TIMESTAMP, BYTES, option(BYTES), TypeRef(0), TypeRef(1), UUID):
        called = function(("value", type))
        sample = json.loads(called.encode_json(f"[{json.dumps(sent_sample(called))}]"))
        compile_json_codec(type, SPACE).from_json(sample[0])


def sent_sample(called: Function) -> object:
    from stdbpy.schema.text import sample_arguments

    return sample_arguments(called.schema, called.definition)[0]
