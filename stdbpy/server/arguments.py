"""Codecs for the arguments of reducers, compiled at their first call."""

from __future__ import annotations

from weakref import WeakValueDictionary

from stdbpy.sats.satsjson import JsonCodec, compile_json_codec
from stdbpy.schema.model import ModuleSchema, Reducer


class ArgumentCodecs:
    """Those of all databases: a schema is another object after each update of its module."""

    def __init__(self) -> None:
        self._schemas: WeakValueDictionary[int, ModuleSchema] = WeakValueDictionary()
        self._codecs: dict[int, dict[str, JsonCodec[tuple[object, ...]]]] = {}

    def codec(self, schema: ModuleSchema, reducer: Reducer) -> JsonCodec[tuple[object, ...]]:
        codecs = self._codecs.get(id(schema))
        if codecs is None or self._schemas.get(id(schema)) is not schema:
            codecs = self._begin(schema)
        codec = codecs.get(reducer.name)
        if codec is None:
            codec = codecs[reducer.name] = compile_json_codec(reducer.params, schema.typespace)
        return codec

    def _begin(self, schema: ModuleSchema) -> dict[str, JsonCodec[tuple[object, ...]]]:
        self._codecs = {key: codecs for key, codecs in self._codecs.items() if key in self._schemas}
        self._schemas[id(schema)] = schema
        codecs = self._codecs[id(schema)] = {}
        return codecs
