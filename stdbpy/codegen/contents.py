"""What a package for clients of a module holds, with the Python names of everything."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from stdbpy.sats.types import AlgebraicType
from stdbpy.schema.model import Column, ModuleSchema


class RowStyle(enum.Enum):
    """What rows and other products are."""

    MSGSPEC = "msgspec"
    PYDANTIC = "pydantic"


class Kind(enum.Enum):
    TABLE = "table"
    EVENT_TABLE = "event table"
    VIEW = "view"


@dataclass(frozen=True, slots=True)
class IndexAccess:
    """An index as clients use it."""

    attribute: str
    name: str
    """Its accessor, or its own name where it has none."""
    columns: tuple[int, ...]
    is_unique: bool


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view that clients can read."""

    kind: Kind
    name: str
    """As SQL and the protocol call it, with the namespaces of the module it is mounted in."""
    attribute: str
    stem: str
    """What the names of its classes begin with."""
    row_ref: int
    columns: tuple[Column, ...]
    fields: tuple[str, ...]
    """What the row's class calls the columns."""
    primary_key: int | None
    indexes: tuple[IndexAccess, ...]

    def has_index_on(self, column: int) -> bool:
        return any(index.columns == (column,) for index in self.indexes)


@dataclass(frozen=True, slots=True)
class Function:
    """A reducer or procedure that clients can call."""

    name: str
    """As the protocol calls it, with the namespaces of the module it is mounted in."""
    method: str
    stem: str
    """What its classes are called like."""
    parameters: tuple[tuple[str, AlgebraicType], ...]
    """What the method calls them, and their types."""
    returns: AlgebraicType | None
    """Of a procedure."""


@dataclass(frozen=True, slots=True)
class UnionNames:
    """The classes of a sum with payloads; what it is called itself is any of them."""

    base: str
    variants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One module: the whole one, or one that is mounted in it."""

    prefix: str
    """What the names in the database begin with: ``""``, ``"auth."``."""
    attribute: str
    """Where the parent has it; ``""`` for the root."""
    stem: str
    """What its classes' names begin with: ``""``, ``"Auth"``."""
    schema: ModuleSchema
    class_names: dict[int, str]
    """The generated classes by their index in the typespace of ``schema``."""
    field_names: dict[int, tuple[str, ...]]
    """What the classes of products call their fields."""
    unions: dict[int, UnionNames]
    relations: tuple[Relation, ...]
    reducers: tuple[Function, ...]
    procedures: tuple[Function, ...]
    mounted: tuple[Part, ...]

    def walk(self) -> Iterator[Part]:
        """This part and those inside, depth first."""
        yield self
        for part in self.mounted:
            yield from part.walk()
