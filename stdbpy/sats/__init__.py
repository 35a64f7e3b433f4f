"""The SpacetimeDB algebraic type system: types, values, and the BSATN and SATS-JSON codecs.

The names are imported when first used: who needs a type does not wait for the codecs.
"""

TYPE_CHECKING = False  # importing it from `typing` would take longer than all else here
if TYPE_CHECKING:
    from stdbpy.sats.annotations import (
        TypeRegistry,
        f32,
        f64,
        i8,
        i16,
        i32,
        i64,
        i128,
        i256,
        u8,
        u16,
        u32,
        u64,
        u128,
        u256,
    )
    from stdbpy.sats.bsatn import Codec, compile_codec, compile_columns_decoder
    from stdbpy.sats.naming import params_text, type_text
    from stdbpy.sats.satsjson import JsonCodec, compile_json_codec
    from stdbpy.sats.tagged_union import TaggedUnion
    from stdbpy.sats.types import (
        AlgebraicType,
        ArrayType,
        Primitive,
        ProductElement,
        ProductType,
        SumType,
        SumVariant,
        TypeRef,
        Typespace,
    )
    from stdbpy.sats.values import (
        ConnectionId,
        Err,
        Identity,
        Interval,
        Ok,
        ScheduleAt,
        Some,
        Time,
        TimeDuration,
        Timestamp,
        Variant,
    )

_HOMES = {
    "stdbpy.sats.annotations": (
        "TypeRegistry",
        "f32",
        "f64",
        "i8",
        "i16",
        "i32",
        "i64",
        "i128",
        "i256",
        "u8",
        "u16",
        "u32",
        "u64",
        "u128",
        "u256",
    ),
    "stdbpy.sats.bsatn": (
        "Codec",
        "compile_codec",
        "compile_columns_decoder",
    ),
    "stdbpy.sats.naming": (
        "params_text",
        "type_text",
    ),
    "stdbpy.sats.satsjson": (
        "JsonCodec",
        "compile_json_codec",
    ),
    "stdbpy.sats.tagged_union": ("TaggedUnion",),
    "stdbpy.sats.types": (
        "AlgebraicType",
        "ArrayType",
        "Primitive",
        "ProductElement",
        "ProductType",
        "SumType",
        "SumVariant",
        "TypeRef",
        "Typespace",
    ),
    "stdbpy.sats.values": (
        "ConnectionId",
        "Err",
        "Identity",
        "Interval",
        "Ok",
        "ScheduleAt",
        "Some",
        "Time",
        "TimeDuration",
        "Timestamp",
        "Variant",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # to which it would make every name one that is there

    def __getattr__(name: str) -> object:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        thing = globals()[name] = getattr(import_module(home), name)
        return thing


__all__ = [
    "AlgebraicType",
    "ArrayType",
    "Codec",
    "ConnectionId",
    "Err",
    "Identity",
    "Interval",
    "JsonCodec",
    "Ok",
    "Primitive",
    "ProductElement",
    "ProductType",
    "ScheduleAt",
    "Some",
    "SumType",
    "SumVariant",
    "TaggedUnion",
    "Time",
    "TimeDuration",
    "Timestamp",
    "TypeRef",
    "TypeRegistry",
    "Typespace",
    "Variant",
    "compile_codec",
    "compile_columns_decoder",
    "compile_json_codec",
    "f32",
    "f64",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "i256",
    "params_text",
    "type_text",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "u256",
]
