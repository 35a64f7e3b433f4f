"""The reducers of the databases by the names that clients call them, with codecs for their arguments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakValueDictionary

from stdbpy.sats.satsjson import JsonCodec, compile_json_codec
from stdbpy.sats.types import Typespace
from stdbpy.schema.model import ModuleSchema, Reducer


@dataclass(frozen=True)
class Function:
    reducer: Reducer
    typespace: Typespace
    """Of the module that declares the reducer, which may be mounted in another."""

    @cached_property
    def arguments(self) -> JsonCodec[tuple[object, ...]]:
        """Compiled at the first call."""
        return compile_json_codec(self.reducer.params, self.typespace)


class Functions:
    """Those of all databases: a schema is another object after each update of its module."""

    def __init__(self) -> None:
        self._schemas: WeakValueDictionary[int, ModuleSchema] = WeakValueDictionary()
        self._functions: dict[int, dict[str, Function]] = {}

    def find(self, schema: ModuleSchema, name: str) -> Function | None:
        functions = self._functions.get(id(schema))
        # The number may be that of a schema that is gone.
        if functions is None or self._schemas.get(id(schema)) is not schema:
            functions = self._begin(schema)
        return functions.get(name)

    def _begin(self, schema: ModuleSchema) -> dict[str, Function]:
        self._functions = {key: functions for key, functions in self._functions.items() if key in self._schemas}
        self._schemas[id(schema)] = schema
        functions = self._functions[id(schema)] = {
            prefix + reducer.name: Function(reducer, module.typespace)
            for prefix, module in schema.walk()
            for reducer in module.reducers
        }
        return functions
