"""Reading and writing module definitions: BSATN as modules hand them out, JSON as servers print them.

Source of the formats: ``crates/lib/src/db/raw_def`` of SpacetimeDB (the definitions), and the route
``/v1/database/…/schema`` (``crates/client-api/src/routes/database.rs``).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from stdbpy.errors import DecodeError, NewerThanUnderstood, SchemaError, UnknownPart, counted
from stdbpy.sats.bsatn import Codec, compile_codec
from stdbpy.sats.meta import META_TYPESPACE
from stdbpy.sats.types import Primitive
from stdbpy.sats.values import Variant
from stdbpy.schema.model import ModuleSchema
from stdbpy.schema.raw_v9 import MODULE_V9, refuse_what_is_lost, schema_from_raw, schema_to_raw
from stdbpy.schema.raw_v10 import MODULE_V10, SECTION, SECTIONS, V10_TYPESPACE
from stdbpy.schema.v10_reading import schema_from_sections
from stdbpy.schema.v10_writing import sections_of

if TYPE_CHECKING:
    from stdbpy.sats.satsjson import JsonCodec

Version = Literal[9, 10]

_TAG_V8, _TAG_V9, _TAG_V10 = range(3)
"""The first byte of a definition in BSATN; in JSON these are ``V8BackCompat``, ``V9`` and ``V10``."""

_SECTION_NAMES = [variant.name for variant in SECTIONS.variants]


# --- BSATN -----------------------------------------------------------------------------------


def read_module_def(data: bytes) -> ModuleSchema:
    """The schema in the definition that a module's ``__describe_module__`` hands out (BSATN).

    Raises ``SchemaError`` for bytes that are no definition or describe no possible module, and
    ``NewerThanUnderstood`` if they hold parts that came after SpacetimeDB 2.14. What is read may
    still break rules: see :func:`~stdbpy.schema.validate.validate`.
    """
    try:
        if not data:
            raise DecodeError("there are no bytes")
        if data[0] == _TAG_V8:
            raise _too_old()
        if data[0] == _TAG_V9:
            return schema_from_raw(_v9_codec().decode(data[1:]))
        if data[0] == _TAG_V10:
            return schema_from_sections(_sections_from_bytes(data), printed_by_server=False)
    except UnknownPart as error:
        raise NewerThanUnderstood(f"A part of the module definition ({error.message})") from error
    except DecodeError as error:
        raise _no_definition(error) from error
    raise NewerThanUnderstood(f"The kind of module definition (number {data[0]})")


def write_module_def(schema: ModuleSchema, version: Version = 10) -> bytes:
    """The definition, in BSATN, that a module with this schema hands out.

    Version 9 raises ``SchemaError`` for what it has no words for (event tables, HTTP handlers,
    mounted modules, …). A V10 definition read back gives the same schema, except that it generates
    the names of constraints and schedules always.
    """
    if version == 9:
        refuse_what_is_lost(schema)
        return bytes([_TAG_V9]) + _v9_codec().encode(schema_to_raw(schema))
    return bytes([_TAG_V10]) + _v10_codec().encode((sections_of(schema, printed_by_server=False),))


def _sections_from_bytes(data: bytes) -> list[Variant]:
    """Each section by itself, so that one that is not understood can be named."""
    count, offset = _u32_codec().decode_from(data, 1)
    sections: list[Variant] = []
    for _ in range(count):
        try:
            section, end = _section_codec().decode_from(data, offset)
        except UnknownPart as error:
            if error.offset == offset:
                raise NewerThanUnderstood(f"The module definition's section number {error.part}") from error
            raise NewerThanUnderstood(
                f"A part of the module definition's section {_SECTION_NAMES[data[offset]]} ({error.message})"
            ) from error
        sections.append(section)
        offset = end
    if offset != len(data):
        left = len(data) - offset
        message = f"{counted(left, 'byte')} {'is' if left == 1 else 'are'} left over behind the sections"
        raise DecodeError(message, offset=offset)
    return sections


@cache
def _u32_codec() -> Codec[int]:
    return compile_codec(Primitive.U32)


@cache
def _v9_codec() -> Codec[Any]:
    return compile_codec(MODULE_V9, META_TYPESPACE)


@cache
def _v10_codec() -> Codec[Any]:
    return compile_codec(MODULE_V10, V10_TYPESPACE)


@cache
def _section_codec() -> Codec[Variant]:
    return compile_codec(SECTION, V10_TYPESPACE)


# --- JSON ------------------------------------------------------------------------------------


def schema_from_json(definition: Any, version: Version | None = None) -> ModuleSchema:
    """The schema that a server prints (``GET /v1/database/…/schema``), parsed as JSON.

    Also takes the form with the version around it, ``{"V10": {"sections": …}}``, which
    ``spacetimedb-standalone extract-schema`` prints. Without ``version`` the form decides.
    Raises as :func:`read_module_def` does.

    Names are taken as they are: a server prints canonical ones. What version 9 does not say (names in
    the code, visibility, event tables, HTTP handlers, mounted modules) is not there.
    """
    if isinstance(definition, dict) and len(definition) == 1:
        [(key, content)] = definition.items()
        if key == "V8BackCompat":
            raise _too_old()
        if key in ("V9", "V10"):
            definition, version = content, 9 if key == "V9" else 10
    if version is None:
        version = _version_of(definition)
    try:
        if version == 9:
            return schema_from_raw(_v9_json().from_json(definition))
        return schema_from_sections(_sections_from_json(definition), printed_by_server=True)
    except UnknownPart as error:
        raise NewerThanUnderstood(f"A part of the module definition ({error.message})") from error
    except DecodeError as error:
        raise _no_definition(error) from error


def schema_to_json(schema: ModuleSchema, version: Version = 10) -> dict[str, Any]:
    """What a server answers to ``GET /v1/database/…/schema?version=…`` for a module with this schema.

    The real server prints tables, types and what belongs to a table sorted by name in version 9,
    and in version 10 in the order of its hash maps; here version 10 has them in the schema's order.
    """
    if version == 9:
        definition: dict[str, Any] = _v9_json().to_json(schema_to_raw(schema))
    else:
        definition = _v10_json().to_json((sections_of(schema, printed_by_server=True),))
    return definition


def _version_of(definition: Any) -> Version:
    if isinstance(definition, dict) and "sections" in definition:
        return 10
    if isinstance(definition, dict) and {"typespace", "tables"} <= definition.keys():
        return 9
    raise SchemaError(
        "This JSON is no module definition: it has neither 'sections' (V10) nor 'typespace' and 'tables' (V9)",
        hint="Take what GET /v1/database/NAME/schema?version=10 answers",
    )


def _sections_from_json(definition: Any) -> list[Variant]:
    match definition:
        case {"sections": [*raw_sections], **others} if not others:
            pass
        case {"sections": [*_], **others}:
            raise NewerThanUnderstood(f"The module definition's field {next(iter(others))!r}")
        case _:
            raise DecodeError("expected an object with a list 'sections'")
    sections: list[Variant] = []
    for raw in raw_sections:
        name = next(iter(raw)) if isinstance(raw, dict) and len(raw) == 1 else None
        if isinstance(name, str) and name not in _SECTION_NAMES:
            raise NewerThanUnderstood(f"The module definition's section {name!r}")
        try:
            sections.append(_section_json().from_json(raw))
        except UnknownPart as error:
            raise NewerThanUnderstood(f"A part of the module definition's section {name} ({error.message})") from error
    return sections


@cache
def _v9_json() -> JsonCodec[Any]:
    from stdbpy.sats.satsjson import compile_json_codec  # who reads bytes does without

    return compile_json_codec(MODULE_V9, META_TYPESPACE, form="named")


@cache
def _v10_json() -> JsonCodec[Any]:
    from stdbpy.sats.satsjson import compile_json_codec

    return compile_json_codec(MODULE_V10, V10_TYPESPACE, form="named")


@cache
def _section_json() -> JsonCodec[Any]:
    from stdbpy.sats.satsjson import compile_json_codec

    return compile_json_codec(SECTION, V10_TYPESPACE)


# --- failures --------------------------------------------------------------------------------


def _too_old() -> SchemaError:
    return SchemaError(
        "The module definition is in version 8, which no SpacetimeDB since 1.0 writes",
        hint="Build the module with a newer SpacetimeDB",
    )


def _no_definition(error: DecodeError) -> SchemaError:
    return SchemaError(f"This is no module definition: {error}")
