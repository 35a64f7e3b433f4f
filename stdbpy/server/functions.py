"""What clients can call in the databases, by name, with codecs for what goes in and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakValueDictionary

import msgspec

from stdbpy.errors import InvalidArguments, SatsError
from stdbpy.sats.satsjson import JsonCodec, compile_json_codec
from stdbpy.sats.types import Typespace
from stdbpy.schema.model import ModuleSchema, Procedure, Reducer


@dataclass(frozen=True)
class ReducerFunction:
    name: str
    reducer: Reducer
    typespace: Typespace
    """Of the module that declares the reducer, which may be mounted in another."""

    @cached_property
    def arguments(self) -> JsonCodec[tuple[object, ...]]:
        """Compiled at the first call."""
        return compile_json_codec(self.reducer.params, self.typespace)

    def encode_arguments(self, text: str | bytes) -> bytes:
        """Arguments in JSON as BSATN. Raises ``InvalidArguments``."""
        return _encoded(self.arguments, text, f"reducer {self.name}")


@dataclass(frozen=True)
class ProcedureFunction:
    name: str
    procedure: Procedure
    typespace: Typespace

    @cached_property
    def arguments(self) -> JsonCodec[tuple[object, ...]]:
        return compile_json_codec(self.procedure.params, self.typespace)

    @cached_property
    def returned(self) -> JsonCodec[object]:
        return compile_json_codec(self.procedure.return_type, self.typespace, form="result")

    def encode_arguments(self, text: str | bytes) -> bytes:
        """Arguments in JSON as BSATN. Raises ``InvalidArguments``."""
        return _encoded(self.arguments, text, f"procedure {self.name}")


def _encoded(codec: JsonCodec[tuple[object, ...]], text: str | bytes, function: str) -> bytes:
    try:
        return codec.json_to_bsatn(msgspec.json.decode(text if isinstance(text, str) else text.decode()))
    except UnicodeDecodeError:
        raise InvalidArguments("Request body didn't contain valid UTF-8") from None
    except (msgspec.MsgspecError, SatsError, RecursionError) as error:
        raise InvalidArguments(f"invalid arguments for {function}: {error}") from None


class Functions:
    """Those of all databases: a schema is another object after each update of its module."""

    def __init__(self) -> None:
        self._schemas: WeakValueDictionary[int, ModuleSchema] = WeakValueDictionary()
        self._reducers: dict[int, dict[str, ReducerFunction]] = {}
        self._procedures: dict[int, dict[str, ProcedureFunction]] = {}

    def find(self, schema: ModuleSchema, name: str) -> ReducerFunction | None:
        """The reducer of that name."""
        self._expect_known(schema)
        return self._reducers[id(schema)].get(name)

    def find_procedure(self, schema: ModuleSchema, name: str) -> ProcedureFunction | None:
        self._expect_known(schema)
        return self._procedures[id(schema)].get(name)

    def _expect_known(self, schema: ModuleSchema) -> None:
        # The number may be that of a schema that is gone.
        if self._schemas.get(id(schema)) is schema:
            return
        self._reducers = {key: functions for key, functions in self._reducers.items() if key in self._schemas}
        self._procedures = {key: functions for key, functions in self._procedures.items() if key in self._schemas}
        self._reducers[id(schema)] = {
            prefix + reducer.name: ReducerFunction(prefix + reducer.name, reducer, module.typespace)
            for prefix, module in schema.walk()
            for reducer in module.reducers
        }
        self._procedures[id(schema)] = {
            prefix + procedure.name: ProcedureFunction(prefix + procedure.name, procedure, module.typespace)
            for prefix, module in schema.walk()
            for procedure in module.procedures
        }
        self._schemas[id(schema)] = schema
