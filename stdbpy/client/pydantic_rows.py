"""Bases of the classes that ``stdbpy generate --rows pydantic`` writes.

Rows that come from the database are made without validation: the codecs have checked the types, and
a client takes in hundreds of thousands. Whoever else makes one (FastAPI from a request, a program by
keywords) has pydantic validate it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from stdbpy.errors import MissingExtra

try:
    from pydantic import BaseModel, ConfigDict
except ModuleNotFoundError as error:
    raise MissingExtra("rows as pydantic models", "pydantic") from error

_set = object.__setattr__  # models are frozen


class RowModel(BaseModel):
    """A row, or a product inside of one. Called with keywords it validates; bytes are hex in JSON.

    Where Python's name of a field differs from the database's, JSON has the database's, and both are read.
    """

    model_config = ConfigDict(
        frozen=True,
        populate_by_name=True,
        protected_namespaces=(),
        ser_json_bytes="hex",
        val_json_bytes="hex",
        ser_json_inf_nan="strings",
    )
    __match_args__: ClassVar[tuple[str, ...]] = ()
    __not_columns__: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        super().__pydantic_init_subclass__(**options)
        columns = tuple(name for name in cls.__pydantic_fields__ if name not in cls.__not_columns__)
        cls.__match_args__ = columns  # type: ignore[misc]  # mypy keeps it read-only for its checks of match

    if not TYPE_CHECKING:  # to which a row is made by keywords alone

        def __init__(self, *columns: object, **fields: object) -> None:
            """``columns`` are trusted: all of them, in the database's order."""
            if not columns:
                super().__init__(**fields)
                return
            self._fill(dict(zip(self.__match_args__, columns, strict=True)))

    def _fill(self, values: dict[str, object]) -> None:
        _set(self, "__dict__", values)
        _set(self, "__pydantic_fields_set__", set(values))
        _set(self, "__pydantic_extra__", None)
        _set(self, "__pydantic_private__", None)


class VariantModel(RowModel):
    """A direct subclass is a sum type, and its subclasses are the variants, in the order of their definition:
    ``tag`` says which one it is, ``value`` is the payload, where there is one."""

    __variants__: ClassVar[tuple[type[VariantModel], ...]] = ()
    __tag__: ClassVar[str] = ""
    __not_columns__ = frozenset({"tag"})

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        super().__pydantic_init_subclass__(**options)
        [union, *_] = cls.__bases__
        tag = cls.__pydantic_fields__.get("tag")
        if tag is not None and issubclass(union, VariantModel):
            cls.__tag__ = tag.default
            union.__variants__ = (*union.__variants__, cls)

    if not TYPE_CHECKING:

        def __init__(self, *payload: object, **fields: object) -> None:
            if not payload:
                super().__init__(**fields)
                return
            [value] = payload
            self._fill({"tag": self.__tag__, "value": value})
