"""Sections of modules: what is read and written again is equal, and junk is refused with the place of the fault."""

from __future__ import annotations

import re

import pytest
import wasmtime
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.errors import DecodeError
from stdbpy.wasm.binary import (
    BinaryModule,
    DataSegment,
    Export,
    ExternalKind,
    FunctionType,
    Global,
    Import,
    Memory,
    Reader,
    Section,
    SectionKind,
    ValueType,
    code_section,
    data_section,
    export_section,
    function_section,
    import_section,
    memory_section,
    signed,
    type_section,
    unsigned,
)

u32 = st.integers(0, 2**32 - 1)
value_types = st.lists(st.sampled_from(ValueType)).map(tuple)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
imported_types = {
    ExternalKind.FUNCTION: u32.map(unsigned),
    ExternalKind.TABLE: st.sampled_from([b"\x70\x00\x05", b"\x6f\x01\x00\x80\x01"]),
    ExternalKind.MEMORY: st.sampled_from([b"\x00\x01", b"\x01\x01\xff\xff\x03"]),
    ExternalKind.GLOBAL: st.sampled_from([b"\x7f\x00", b"\x7e\x01"]),
    ExternalKind.TAG: u32.map(lambda index: b"\0" + unsigned(index)),
}
imports = st.sampled_from(ExternalKind).flatmap(
    lambda kind: st.builds(Import, names, names, st.just(kind), imported_types[kind])
)
CONTENTS = [
    (SectionKind.TYPE, "types", type_section, st.builds(FunctionType, value_types, value_types)),
    (SectionKind.IMPORT, "imports", import_section, imports),
    (SectionKind.FUNCTION, "functions", function_section, u32),
    (SectionKind.MEMORY, "memories", memory_section, st.builds(Memory, u32, st.none() | u32)),
    (SectionKind.EXPORT, "exports", export_section, st.builds(Export, names, st.sampled_from(ExternalKind), u32)),
    (SectionKind.CODE, "bodies", code_section, st.binary(max_size=300)),
    (SectionKind.DATA, "data", data_section, st.builds(DataSegment, u32, st.binary(max_size=300))),
]

MODULE = """(module
  (import "spacetime_10.0" "identity" (func $identity (param i32)))
  (import "env" "table" (table 1 2 funcref))
  (import "env" "global" (global i64))
  (memory (export "memory") 3 70)
  (global $stack (mut i32) (i32.const 1048576)) (global i64 (i64.const -5)) (global f32 (f32.const 1))
  (global (mut f64) (f64.const 2)) (global funcref (ref.func $identity)) (global externref (ref.null extern))
  (func (export "twice") (param i32) (result i32 i64) (call $identity (i32.const 8)) (local.get 0) (global.get 0))
  (data (i32.const 65536) "hello") (data (i32.const -2147483648) "far away"))"""


@given(st.data())
@pytest.mark.parametrize(("kind", "attribute", "write", "entry"), CONTENTS)
def test_entries_come_back(kind, attribute, write, entry, data) -> None:
    entries = data.draw(st.lists(entry))
    program = BinaryModule((Section(SectionKind.CUSTOM, b"\4name"), Section(kind, write(entries)))).write()

    read = BinaryModule.read(program)

    assert getattr(read, attribute) == entries
    assert read.write() == program
    for _, other, _, _ in CONTENTS:
        assert getattr(read, other) == (entries if other == attribute else [])


@given(st.integers(0, 2**32 - 1))
def test_unsigned_numbers_come_back(number: int) -> None:
    assert Reader(unsigned(number), "").unsigned() == number


@given(st.integers(-(2**31), 2**31 - 1))
def test_signed_numbers_come_back(number: int) -> None:
    assert Reader(signed(number), "").signed() == number


@pytest.mark.parametrize(
    ("number", "encoded"),
    [(0, b"\0"), (63, b"\x3f"), (64, b"\xc0\0"), (-1, b"\x7f"), (-64, b"\x40"), (-65, b"\xbf\x7f")],
)
def test_signed_numbers_are_as_short_as_can_be(number: int, encoded: bytes) -> None:
    assert signed(number) == encoded


def test_what_a_compiler_wrote_is_understood() -> None:
    program = bytes(wasmtime.wat2wasm(MODULE))
    module = BinaryModule.read(program)

    assert [(each.name, each.kind) for each in module.imports] == [
        ("identity", ExternalKind.FUNCTION),
        ("table", ExternalKind.TABLE),
        ("global", ExternalKind.GLOBAL),
    ]
    i32, i64 = ValueType.I32, ValueType.I64
    assert set(module.types) == {FunctionType((i32,), ()), FunctionType((i32,), (i32, i64))}
    assert module.memories == [Memory(3, 70)]
    assert module.globals == [
        Global(i32, True, 1048576),
        Global(i64, False, -5),
        Global(ValueType.F32, False, None),
        Global(ValueType.F64, True, None),
        Global(ValueType.FUNCREF, False, None),
        Global(ValueType.EXTERNREF, False, None),
    ]
    assert module.exports == [Export("memory", ExternalKind.MEMORY, 0), Export("twice", ExternalKind.FUNCTION, 1)]
    assert module.data == [DataSegment(65536, b"hello"), DataSegment(1 << 31, b"far away")]
    assert len(module.bodies) == len(module.functions) == 1
    assert module.write() == program


def test_what_is_written_is_understood_by_compilers() -> None:
    module = BinaryModule.read(bytes(wasmtime.wat2wasm(MODULE)))
    rewritten = module.with_sections(
        {kind: write(getattr(module, attribute)) for kind, attribute, write, _ in CONTENTS}
        | {SectionKind.CUSTOM: None, SectionKind.DATA: data_section([DataSegment(0, b"other")])}
    )

    wasmtime.Module.validate(wasmtime.Engine(), rewritten.write())
    assert rewritten.data == [DataSegment(0, b"other")]


def test_sections_can_be_left_out_but_not_be_made_up() -> None:
    module = BinaryModule.read(bytes(wasmtime.wat2wasm(MODULE)))

    assert module.with_sections({SectionKind.DATA: None, SectionKind.START: None}).data == []
    with pytest.raises(KeyError, match="no section START"):
        module.with_sections({SectionKind.START: b"\0"})


@given(st.binary(max_size=60))
def test_junk_is_refused(junk: bytes) -> None:
    try:
        module = BinaryModule.read(b"\0asm\1\0\0\0" + junk)
        for _, attribute, _, _ in CONTENTS:
            getattr(module, attribute)
    except DecodeError:
        return
    assert BinaryModule.read(module.write()) == module


def section(kind: SectionKind, content: str) -> bytes:
    return BinaryModule((Section(kind, bytes.fromhex(content)),)).write()


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (b"", "that is not WebAssembly"),
        (b"\0asm\x0d\0\1\0", "of another version, or a component"),
        (b"\0asm", "of another version"),
        (b"\0asm\1\0\0\0\x0f\0", "no section 15 (at byte 9"),
        (b"\0asm\1\0\0\0\1\5\0", "ends too early"),
        (section(SectionKind.TYPE, "01 5e"), "not that of a function"),
        (section(SectionKind.TYPE, "01 60 01 22 00"), "no type of values 0x22"),
        (section(SectionKind.FUNCTION, "01 ff ff ff ff ff 01"), "too many bytes"),
        (section(SectionKind.FUNCTION, "00 00"), "follows the last entry (at byte 1, reading the section FUNCTION)"),
        (section(SectionKind.EXPORT, "01 01 ff 00 00"), "not UTF-8"),
        (section(SectionKind.EXPORT, "01 00 07 00"), "nothing of kind 7"),
        (section(SectionKind.MEMORY, "01 04 01"), "addresses of 64 bits"),
        (section(SectionKind.GLOBAL, "01 7f 00 01 0b"), "how a global begins is not understood"),
        (section(SectionKind.GLOBAL, "01 7f 00 41 00 6a"), "more than a number"),
        (section(SectionKind.DATA, "01 01 00"), "no place in the memory"),
        (section(SectionKind.DATA, "01 00 41 00 6a"), "more than a number"),
    ],
)
def test_what_is_wrong_is_said(program: bytes, message: str) -> None:
    with pytest.raises(DecodeError, match=re.escape(message)):
        module = BinaryModule.read(program)
        for attribute in (*(attribute for _, attribute, _, _ in CONTENTS), "globals"):
            getattr(module, attribute)
