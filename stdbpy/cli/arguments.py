"""The words after ``stdbpy call DATABASE FUNCTION`` as the JSON that the server takes."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from stdbpy.cli.variants import unit_variants, with_named_variants
from stdbpy.errors import InvalidArguments, NotFound, SatsError, nearest
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.sats.types import CONNECTION_ID, IDENTITY, AlgebraicType, Primitive, SumType, resolve
from stdbpy.schema.model import ModuleSchema, Procedure, Reducer
from stdbpy.schema.text import reducer_signature, sample_arguments

_HEX = {IDENTITY: 64, CONNECTION_ID: 32}
_MOST_LISTED = 8


@dataclass(frozen=True, slots=True)
class Function:
    """A reducer or procedure, with the module that its types belong to."""

    database: str
    name: str
    """As callers name it, with the namespace of the module it is mounted in."""
    definition: Reducer | Procedure
    schema: ModuleSchema

    def encode(self, words: Sequence[str]) -> bytes:
        """The arguments as one JSON list.

        A word is JSON; a string may also stand bare, an identity or connection id as hex digits, a
        variant without payload as its name.
        Raises :class:`InvalidArguments`, whose hint shows what would do.
        """
        parameters = self.definition.params.elements
        if len(words) != len(parameters):
            self._refuse(f"{self.name} takes {_count(len(parameters))}, not {len(words)}")
        return f"[{', '.join(self._encoded(*pair) for pair in enumerate(words))}]".encode()

    def _encoded(self, position: int, word: str) -> str:
        parameter = self.definition.params.elements[position]
        type = resolve(parameter.type, self.schema.typespace)
        what = f"the argument {parameter.name or position + 1!r} of {self.name}"
        text = _as_json(word, type)
        try:
            value = json.loads(text, parse_constant=_no_constant)
            spelt_out = with_named_variants(value, type, self.schema.typespace)
        except ValueError as error:
            reason = str(error) if isinstance(error, _NotFiniteError) else "it is not JSON"
            self._refuse(f"{what} cannot be {word!r}: {reason}")
        except RecursionError:
            self._refuse(f"{what} is nested too deep")
        try:
            compile_json_codec(type, self.schema.typespace).from_json(spelt_out)
        except SatsError as error:
            self._refuse(f"{what} cannot be {word!r}: {error}")
        return text if spelt_out == value else json.dumps(spelt_out)

    def _refuse(self, message: str) -> NoReturn:
        raise InvalidArguments(
            message, hint=f"It is {reducer_signature(self.schema, self.definition)}, as in: {self.sample()}"
        ) from None

    def sample(self) -> str:
        """A command that the server would take, quoted for a shell."""
        parameters = self.definition.params.elements
        values = sample_arguments(self.schema, self.definition)
        words = [
            value if parameter.type is Primitive.STRING else json.dumps(value)
            for parameter, value in zip(parameters, values, strict=True)
        ]
        return shlex.join(("stdbpy", "call", self.database, self.name, *words))


def find_function(schema: ModuleSchema, database: str, name: str) -> Function:
    """The reducer or procedure called ``name``. Raises :class:`NotFound` with the nearest one."""
    callable_by_clients: list[str] = []
    for prefix, module in schema.walk():
        functions: tuple[Reducer | Procedure, ...] = (*module.reducers, *module.procedures)
        for definition in functions:
            if prefix + definition.name == name:
                return Function(database, name, definition, module)
            if not isinstance(definition, Reducer) or definition.lifecycle is None:
                callable_by_clients.append(prefix + definition.name)
    raise NotFound(
        f"the database {database!r} has no reducer or procedure {name!r}",
        hint=nearest(name, callable_by_clients) or _listing(callable_by_clients),
    )


class _NotFiniteError(ValueError):
    pass


def _no_constant(name: str) -> NoReturn:
    raise _NotFiniteError(f"{name} has no JSON, so the server takes no call with it")


def _as_json(word: str, type: AlgebraicType) -> str:
    if type is Primitive.STRING:
        is_quoted = len(word) >= 2 and word.startswith('"') and word.endswith('"')
        return word if is_quoted else json.dumps(word)
    if isinstance(type, SumType) and word in unit_variants(type):
        return json.dumps(word)
    if type in _HEX:
        digits = word.strip('"').removeprefix("0x")
        if re.fullmatch(f"[0-9a-fA-F]{{{_HEX[type]}}}", digits):
            return f'["0x{digits}"]'
    return word


def _count(number: int) -> str:
    return "no arguments" if number == 0 else f"{number} argument{'s' * (number != 1)}"


def _listing(names: list[str]) -> str:
    if not names:
        return "It has none"
    rest = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return f"It has {', '.join(sorted(names)[:_MOST_LISTED])}{rest}"
