"""A module's definition together with the Python classes generated for its types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from stdbpy.errors import NoSuchReducer, nearest
from stdbpy.sats.satsjson import JsonCodec, compile_json_codec
from stdbpy.sats.types import TypeRef
from stdbpy.schema import schema_from_json
from stdbpy.schema.model import ModuleSchema, Reducer

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """A table as clients know it: its name and the class of its rows."""

    name: str
    row_type: type[Row]


class ModuleBinding:
    """What generated code hands to a connection.

    ``definition`` is the V10 module definition as JSON text, ``classes`` the generated class of
    each typespace index. Both are read at the first use, so that importing a client is quick.
    """

    def __init__(self, definition: str, classes: Mapping[int, type]) -> None:
        self._definition = definition
        self._classes = classes
        self._row_codecs: dict[type, JsonCodec[Any]] = {}
        self._argument_codecs: dict[str, JsonCodec[Any]] = {}

    @cached_property
    def schema(self) -> ModuleSchema:
        return schema_from_json(json.loads(self._definition), 10)

    @cached_property
    def _refs(self) -> dict[type, int]:
        return {cls: ref for ref, cls in self._classes.items()}

    def row_codec(self, table: Table[Row]) -> JsonCodec[Any]:
        """SATS-JSON ↔ rows of ``table``."""
        codec = self._row_codecs.get(table.row_type)
        if codec is None:
            ref = TypeRef(self._refs[table.row_type])
            codec = compile_json_codec(ref, self.schema.typespace, self._classes)
            self._row_codecs[table.row_type] = codec
        return codec

    def reducer(self, name: str) -> Reducer:
        """Raises :class:`NoSuchReducer`, with the nearest name."""
        found = self.schema.reducers_by_name.get(name)
        if found is None:
            raise NoSuchReducer(f"the module has no reducer {name!r}", hint=nearest(name, self.schema.reducers_by_name))
        return found

    def arguments_json(self, reducer: str, args: tuple[object, ...]) -> Any:
        """The arguments of a call as the HTTP API takes them. Raises :class:`EncodeError`."""
        codec = self._argument_codecs.get(reducer)
        if codec is None:
            codec = compile_json_codec(self.reducer(reducer).params, self.schema.typespace, self._classes)
            self._argument_codecs[reducer] = codec
        return codec.to_json(args)
