"""The arguments of a call, as people write them, as the JSON that servers take.

A person writes words (``stdbpy call chat send_message 'Hello!'``, ``age=3``, ``@file``), a file has JSON.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from stdbpy.api.spelling import as_sats_json, in_short, takes_bare_text, text_form, unit_variants
from stdbpy.errors import InvalidArguments, NotFound, SatsError, counted, nearest
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.sats.types import BYTES, AlgebraicType, Primitive, SumType, as_option, resolve
from stdbpy.schema.model import ModuleSchema, Procedure, Reducer
from stdbpy.schema.text import reducer_signature, sample_arguments

_MOST_LISTED = 8
_SHOWN_LENGTH = 60

Read = Callable[[str], bytes]
"""Gives what is in a file; ``-`` is standard input."""


def _read_nothing(source: str) -> bytes:
    raise OSError(f"{source!r} cannot be read here")


@dataclass(frozen=True, slots=True)
class Function:
    """A reducer or procedure, with the module that its types belong to."""

    database: str
    name: str
    """As callers name it, with the namespace of the module it is mounted in."""
    definition: Reducer | Procedure
    schema: ModuleSchema

    def encode(self, words: Sequence[str], read: Read = _read_nothing) -> bytes:
        """Words as one JSON list.

        They are in the order of the parameters; from some word on each may have the parameter's name
        before it (``age=3``). A word is JSON, in the spelling of :mod:`stdbpy.api.spelling`, and what has
        a text of its own may stand bare, as strings do. ``@FILE`` and ``-`` stand for what ``read`` gives:
        the text or the bytes themselves where the parameter is a string or bytes, JSON otherwise. If the
        function takes several arguments and such a word stands alone, it is a list or object of them all.

        Raises :class:`InvalidArguments`, whose hint shows what would do.
        """
        if len(words) == 1 and _source(words[0]) and len(self.definition.params.elements) != 1:
            return self.encode_json(self._read("the arguments", words[0], read))
        given = self._by_position(words)
        return _list(self._encoded_word(position, word, read) for position, word in enumerate(given))

    def encode_json(self, text: str | bytes) -> bytes:
        """A JSON list of the arguments, or an object of them by name, as one JSON list.

        Raises :class:`InvalidArguments`, whose hint shows what would do.
        """
        what = f"the arguments of {self.name}"
        if isinstance(text, bytes):
            text = self._text(what, "these bytes", text)
        given = self._parsed(what, text)
        names = self._names()
        match given:
            case list():
                self._expect(len(given))
                values = given
            case dict():
                for name in given.keys() - set(names):
                    self._refuse(f"{self.name} has no parameter {name!r}", nearest(name, names))
                for name in names:
                    if name not in given:
                        self._refuse(f"the argument {name!r} of {self.name} is missing")
                values = [given[name] for name in names]
            case _:
                self._refuse(f"{what} cannot be {_shown(given)}: they are a JSON list, or an object with their names")
        return _list(json.dumps(self._checked(position, value, value)) for position, value in enumerate(values))

    def sample(self) -> str:
        """A command that the server would take, quoted for a shell."""
        parameters = self.definition.params.elements
        values = sample_arguments(self.schema, self.definition)
        words = [self._word(parameter.type, value) for parameter, value in zip(parameters, values, strict=True)]
        return shlex.join(("stdbpy", "call", self.database, self.name, *words))

    # --- words -------------------------------------------------------------------------------

    def _by_position(self, words: Sequence[str]) -> list[str]:
        names = self._names()
        by_name: dict[str, str] = {}
        in_order: list[str] = []
        for word in words:
            name, equals, value = word.partition("=")
            if equals and name in names:
                if name in by_name or names.index(name) < len(in_order):
                    self._refuse(f"the argument {name!r} of {self.name} is given twice")
                by_name[name] = value
            elif equals and name.isidentifier() and (by_name or nearest(name, names)):
                quoted = shlex.quote(json.dumps(word))
                self._refuse(
                    f"{self.name} has no parameter {name!r}",
                    nearest(name, names) or f"Text with an equals sign can be quoted: {quoted}.",
                )
            elif by_name:
                self._refuse(f"{word!r} stands behind an argument with a name, so it needs one too")
            else:
                in_order.append(word)
        if not by_name or len(in_order) + len(by_name) > len(names):
            self._expect(len(in_order) + len(by_name))
        for name in names[len(in_order) :]:
            if name not in by_name:
                self._refuse(f"the argument {name!r} of {self.name} is missing")
        return [*in_order, *(by_name[name] for name in names[len(in_order) :])]

    def _word(self, type: AlgebraicType, value: Any) -> str:
        """The shortest word for ``value`` that :meth:`encode` takes."""
        type = resolve(type, self.schema.typespace)
        short = in_short(value, type, self.schema.typespace)
        has_text = type is Primitive.STRING or bool(text_form(type))
        may_be_bare = has_text or (isinstance(type, SumType) and as_option(type) is None)
        return short if may_be_bare and isinstance(short, str) else json.dumps(short)

    def _encoded_word(self, position: int, word: str, read: Read) -> str:
        what, type = self._what(position), self._type(position)
        if _source(word):
            content = self._read(what, word, read)
            if type == BYTES:
                return json.dumps(content.hex())
            if type is Primitive.STRING:
                return json.dumps(self._text(what, word, content))
            value = self._parsed(what, self._text(what, word, content))
        elif type is Primitive.STRING:
            is_quoted = len(word) >= 2 and word.startswith('"') and word.endswith('"')
            value = self._parsed(what, word) if is_quoted else word
        else:
            value = self._parsed_word(what, word, type)
        return json.dumps(self._checked(position, value, word))

    def _parsed_word(self, what: str, word: str, type: AlgebraicType) -> Any:
        try:
            if takes_bare_text(word, type, self.schema.typespace):
                return word
        except RecursionError:
            self._refuse(f"{what} is nested too deep")
        if word and word[0] not in '{["' and not _is_json(word):
            return word
        value = self._parsed(what, word)
        may_be_text = (
            as_option(type) is Primitive.STRING and value is not None and not isinstance(value, str | list | dict)
        )
        return word if may_be_text else value

    def _read(self, what: str, word: str, read: Read) -> bytes:
        source = _source(word)
        assert source is not None
        try:
            return read(source)
        except OSError as error:
            reason = error.strerror or str(error)
            self._refuse(
                f"{what} cannot be read from {source!r}: {reason}",
                f"Text that begins like that is quoted: {shlex.quote(json.dumps(word))}.",
            )

    def _text(self, what: str, word: str, content: bytes) -> str:
        try:
            return content.decode()
        except UnicodeDecodeError:
            self._refuse(f"{what} cannot be {word}: that is not text in UTF-8")

    # --- values ------------------------------------------------------------------------------

    def _parsed(self, what: str, text: str) -> Any:
        try:
            return json.loads(text, parse_constant=_no_constant)
        except ValueError as error:
            reason = str(error) if isinstance(error, _NotFiniteError) else "it is not JSON"
            self._refuse(f"{what} cannot be {_shown(text)}: {reason}")
        except RecursionError:
            self._refuse(f"{what} is nested too deep")

    def _checked(self, position: int, value: Any, shown: Any) -> Any:
        """The value in the spelling that servers take."""
        type, typespace = self._type(position), self.schema.typespace
        try:
            spelt_out = as_sats_json(value, type, typespace)
            compile_json_codec(type, typespace).from_json(spelt_out)
        except SatsError as error:
            reason = _choices(type) or _hex_digits(type, value) or str(error)
            hint = nearest(value, unit_variants(type)) if isinstance(type, SumType) and isinstance(value, str) else ""
            self._refuse(f"{self._what(position)} cannot be {_shown(shown)}: {reason}", hint)
        except RecursionError:
            self._refuse(f"{self._what(position)} is nested too deep")
        return spelt_out

    def _expect(self, number: int) -> None:
        parameters = len(self.definition.params.elements)
        if number != parameters:
            count = counted(parameters, "argument") if parameters else "no arguments"
            self._refuse(f"{self.name} takes {count}, not {number}")

    def _names(self) -> list[str]:
        return [parameter.name or "" for parameter in self.definition.params.elements]

    def _type(self, position: int) -> AlgebraicType:
        return resolve(self.definition.params.elements[position].type, self.schema.typespace)

    def _what(self, position: int) -> str:
        return f"the argument {self._names()[position] or position + 1!r} of {self.name}"

    def _refuse(self, message: str, hint: str = "") -> NoReturn:
        usage = f"It is {reducer_signature(self.schema, self.definition)}, as in: {self.sample()}"
        raise InvalidArguments(message, hint=f"{hint} {usage}".lstrip()) from None


def find_function(schema: ModuleSchema, database: str, name: str) -> Function:
    """The reducer or procedure called ``name``. Raises :class:`NotFound` with the nearest one."""
    functions = functions_of(schema)
    if name in functions:
        definition, module = functions[name]
        return Function(database, name, definition, module)
    open_to_clients = [
        name
        for name, (definition, _) in functions.items()
        if not isinstance(definition, Reducer) or definition.lifecycle is None
    ]
    raise NotFound(
        f"the database {database!r} has no reducer or procedure {name!r}",
        hint=nearest(name, open_to_clients) or _listing(open_to_clients),
    )


def functions_of(schema: ModuleSchema) -> Mapping[str, tuple[Reducer | Procedure, ModuleSchema]]:
    """All reducers and procedures by the name that callers use, each with the module that it is of."""
    found: dict[str, tuple[Reducer | Procedure, ModuleSchema]] = {}
    for prefix, module in schema.walk():
        definitions: tuple[Reducer | Procedure, ...] = (*module.reducers, *module.procedures)
        for definition in definitions:
            found.setdefault(prefix + definition.name, (definition, module))
    return found


def _choices(type: AlgebraicType) -> str:
    """What an enum can be: a type whose variants all have no payload. Nothing for other types."""
    if not isinstance(type, SumType) or len(unit_variants(type)) < len(type.variants):
        return ""
    *names, last = [variant.name or "" for variant in type.variants]
    return f"it is {', '.join(names)} or {last}" if names else f"it is {last}"


def _hex_digits(type: AlgebraicType, value: Any) -> str:
    """What an identity or connection id is, if it was not meant to be the object that it is in JSON."""
    form = text_form(as_option(type) or type)
    return f"it is {form}" if form and not isinstance(value, list | dict) else ""


class _NotFiniteError(ValueError):
    pass


def _no_constant(name: str) -> NoReturn:
    raise _NotFiniteError(f"{name} has no JSON, so the server takes no call with it")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _source(word: str) -> str | None:
    """The file that a word names, or ``-`` for standard input."""
    return "-" if word == "-" else word[1:] if word.startswith("@") and len(word) > 1 else None


def _list(items: Iterable[str]) -> bytes:
    return f"[{', '.join(items)}]".encode()


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _SHOWN_LENGTH else f"{text[: _SHOWN_LENGTH - 1]}…"


def _listing(names: list[str]) -> str:
    if not names:
        return "It has none"
    rest = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return f"It has {', '.join(sorted(names)[:_MOST_LISTED])}{rest}"
