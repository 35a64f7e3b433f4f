"""What differs between two modules, or two versions of one, and what of it clients notice.

A difference *breaks clients* if code that was generated for the first module may fail with the second,
or if SpacetimeDB asks for consent before it makes the change (``crates/schema/src/auto_migrate.rs``).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from stdbpy.sats.types import AlgebraicType, ArrayType, ProductType, SumType, TypeRef
from stdbpy.schema.entities import KINDS, Entity, entities
from stdbpy.schema.model import Column, ModuleSchema, Procedure, Reducer, Table, TypeDef, View, Visibility
from stdbpy.schema.text import describe_type


class Change(enum.StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that only one of the modules has, or that both have in different ways."""

    change: Change
    kind: str
    """One of :data:`~stdbpy.schema.entities.KINDS`; for a part ``column``, ``index``, ``variant``, …"""
    name: str
    """As in :class:`~stdbpy.schema.entities.Entity`; that of a part alone. What a table has one of,
    as ``access``, has no name."""
    before: str | None = None
    """In one line; ``None`` if there was none."""
    after: str | None = None
    breaks: bool = False
    """Whether this alone, without its parts, breaks clients."""
    parts: tuple[Difference, ...] = ()

    @property
    def breaks_clients(self) -> bool:
        return self.breaks or any(part.breaks_clients for part in self.parts)

    def record(self) -> dict[str, Any]:
        """All of it, for programs."""
        return {
            "change": self.change.value,
            "kind": self.kind,
            "name": self.name,
            "before": self.before,
            "after": self.after,
            "breaks_clients": self.breaks_clients,
            "parts": [part.record() for part in self.parts],
        }


def compare(old: ModuleSchema, new: ModuleSchema) -> tuple[Difference, ...]:
    """The differences, by kind and then as declared: what was removed, what changed, what was added."""
    rows = _row_types(old) | _row_types(new)
    before, after = (
        {(each.kind, each.name): each for each in entities(schema) if each.kind != "type" or each.name not in rows}
        for schema in (old, new)
    )
    found = [
        *(_lone(Change.REMOVED, before[key]) for key in before if key not in after),
        *(each for key in before if key in after for each in _both(before[key], after[key])),
        *(_lone(Change.ADDED, after[key]) for key in after if key not in before),
    ]
    return tuple(sorted(found, key=lambda difference: KINDS.index(difference.kind)))


def _row_types(schema: ModuleSchema) -> set[str]:
    """The names of types that are told as the columns of their table."""
    return {
        prefix + module.type_names[table.product_ref].full_name
        for prefix, module in schema.walk()
        for table in module.tables
        if table.product_ref in module.type_names
    }


def _lone(change: Change, entity: Entity) -> Difference:
    if change is Change.ADDED:
        # Rules take effect on everybody who is connected.
        return Difference(change, entity.kind, entity.name, None, _in_words(entity), entity.kind == "rule")
    is_missed = entity.kind != "type" and _is_for_clients(entity)
    return Difference(change, entity.kind, entity.name, _in_words(entity), None, is_missed)


def _is_for_clients(entity: Entity) -> bool:
    match entity.declared:
        case Reducer(lifecycle=lifecycle, visibility=visibility):
            return lifecycle is None and visibility is Visibility.CLIENT_CALLABLE
        case Procedure(visibility=visibility):
            return visibility is Visibility.CLIENT_CALLABLE
        case _:
            return True


def _in_words(entity: Entity) -> str:
    return f"{entity.definition}  [{', '.join(entity.notes)}]" if entity.notes else entity.definition


def _both(old: Entity, new: Entity) -> Iterator[Difference]:
    shape = _Shape(old.module, new.module)
    match old.declared, new.declared:
        case Table() as before, Table() as after:
            parts = tuple(_table(shape, before, after))
        case View() as before, View() as after:
            parts = tuple(_view(shape, before, after))
        case TypeDef() as before, TypeDef() as after:
            parts = tuple(_type(shape, before, after))
        case (Reducer() | Procedure()) as before, (Reducer() | Procedure()) as after:
            yield from _function(shape, old, before, new, after)
            return
        case _:
            if old.definition != new.definition:
                yield Difference(Change.CHANGED, new.kind, new.name, old.definition, new.definition)
            return
    if parts:
        yield Difference(Change.CHANGED, new.kind, new.name, parts=parts)


# --- tables, views, types --------------------------------------------------------------------


def _table(shape: _Shape, old: Table, new: Table) -> Iterator[Difference]:
    yield from _value("access", _access(old), _access(new), breaks=not new.is_public)
    yield from _value("kind of table", *("event" if table.is_event else "rows" for table in (old, new)))
    yield from _columns(shape, old.columns, new.columns)
    yield from _value("primary key", _key(old), _key(new), breaks=old.primary_key is not None)
    keys = _key(old), _key(new)
    yield from _sets("unique", _uniques(old, keys), _uniques(new, keys), removal_breaks=True)
    yield from _sets("index", _indexes(old), _indexes(new), removal_breaks=False)
    yield from _sets("auto-increment", _numbered(old), _numbered(new), removal_breaks=False)
    yield from _value("schedule", _scheduled(old), _scheduled(new), breaks=False)
    yield from _value("outbox", _sends(old), _sends(new), breaks=False)


def _view(shape: _Shape, old: View, new: View) -> Iterator[Difference]:
    # SpacetimeDB makes a view anew whose columns, parameters or readers are others.
    yield from _value("access", _access(old), _access(new), breaks=not new.is_public)
    yield from _value("readers", *("all alike" if view.is_anonymous else "each its own" for view in (old, new)))
    yield from _columns(shape, shape.old.view_columns(old), shape.new.view_columns(new))
    yield from _value("key", *(", ".join(view.primary_key) or None for view in (old, new)))
    if not shape.is_same(old.params, new.params):
        yield from _value("parameters", *shape.texts(old.params, new.params))
    if not shape.is_same(old.return_type, new.return_type):
        yield from _value("returns", *shape.texts(old.return_type, new.return_type))


def _type(shape: _Shape, old: TypeDef, new: TypeDef) -> Iterator[Difference]:
    before, after = shape.old.typespace[old.ref], shape.new.typespace[new.ref]
    match before, after:
        case ProductType(), ProductType():
            yield from _members(shape, "field", before.elements, after.elements)
        case SumType(), SumType():
            yield from _members(shape, "variant", before.variants, after.variants)
        case _ if not shape.is_same(before, after):
            yield from _value("definition", *shape.texts(before, after))


def _access(of: Table | View) -> str:
    return "public" if of.is_public else "private"


def _key(table: Table) -> str | None:
    return None if table.primary_key is None else table.columns[table.primary_key].name


def _scheduled(table: Table) -> str | None:
    return None if table.schedule is None else table.schedule.function


def _sends(table: Table) -> str | None:
    """What the rows of an outbox are."""
    if table.outbox is None:
        return None
    sent, told = ", ".join(table.columns[column].name for column in table.outbox.arg_columns), table.outbox.on_result
    return f"{table.outbox.remote_reducer}({sent})" + (f", then {told}" if told else "")


def _uniques(table: Table, keys: tuple[str | None, ...]) -> dict[str, str]:
    """But those that a key says."""
    together = (_names(table, constraint.columns) for constraint in table.constraints)
    return {names: "" for names in together if names not in keys}


def _indexes(table: Table) -> dict[str, str]:
    """But those that come with a key or a unique constraint."""
    return {
        _names(table, index.columns): index.algorithm.value.lower()
        for index in table.indexes
        if not table.is_unique(index.columns)
    }


def _numbered(table: Table) -> dict[str, str]:
    return {table.columns[sequence.column].name: "" for sequence in table.sequences}


def _names(table: Table, columns: tuple[int, ...]) -> str:
    return ", ".join(table.columns[position].name for position in columns)


# --- functions -------------------------------------------------------------------------------


def _function(
    shape: _Shape, old: Entity, before: Reducer | Procedure, new: Entity, after: Reducer | Procedure
) -> Iterator[Difference]:
    is_same = shape.is_same(before.params, after.params, names=False)
    if isinstance(before, Procedure) and isinstance(after, Procedure):
        is_same = is_same and shape.is_same(before.return_type, after.return_type)
    if not is_same or _in_words(old) != _in_words(new):
        breaks = _is_for_clients(old) and (not is_same or not _is_for_clients(new))
        yield Difference(Change.CHANGED, new.kind, new.name, _in_words(old), _in_words(new), breaks)


# --- parts -----------------------------------------------------------------------------------


class _Member(Protocol):
    @property
    def name(self) -> str | None: ...
    @property
    def type(self) -> AlgebraicType: ...


def _columns(shape: _Shape, old: Sequence[Column], new: Sequence[Column]) -> Iterator[Difference]:
    return _members(shape, "column", old, new)


def _members(shape: _Shape, kind: str, old: Sequence[_Member], new: Sequence[_Member]) -> Iterator[Difference]:
    """All differences break clients: they know the layout of each value."""
    before, after = _by_name(old), _by_name(new)
    for name in before:
        if name not in after:
            yield Difference(Change.REMOVED, kind, name, shape.old_text(before[name].type), None, breaks=True)
    order = [name for name in before if name in after]
    moved = order != [name for name in after if name in before]
    for name in order:
        texts = shape.texts(before[name].type, after[name].type)
        places = list(before).index(name) + 1, list(after).index(name) + 1
        if moved and places[0] != places[1]:
            texts = (f"{texts[0]}, at place {places[0]}", f"{texts[1]}, at place {places[1]}")
        elif texts[0] == texts[1] or shape.is_same(before[name].type, after[name].type):
            # What differs inside a named type is told once, of that type.
            continue
        yield Difference(Change.CHANGED, kind, name, *texts, breaks=True)
    for name in after:
        if name not in before:
            yield Difference(Change.ADDED, kind, name, None, shape.new_text(after[name].type), breaks=True)


def _by_name(members: Iterable[_Member]) -> dict[str, _Member]:
    return {member.name if member.name is not None else str(place): member for place, member in enumerate(members)}


def _value(kind: str, before: str | None, after: str | None, *, breaks: bool = True) -> Iterator[Difference]:
    if before != after:
        change = Change.ADDED if before is None else Change.REMOVED if after is None else Change.CHANGED
        yield Difference(change, kind, "", before, after, breaks)


def _sets(
    kind: str, before: Mapping[str, str], after: Mapping[str, str], *, removal_breaks: bool
) -> Iterator[Difference]:
    for name in (*before, *(name for name in after if name not in before)):
        for part in _value(kind, before.get(name), after.get(name), breaks=removal_breaks and name not in after):
            yield replace(part, name=name)


class _Shape:
    """Compares types of two modules, whatever names the types have."""

    def __init__(self, old: ModuleSchema, new: ModuleSchema) -> None:
        self.old = old
        self.new = new

    def old_text(self, type: AlgebraicType) -> str:
        return describe_type(self.old, type)

    def new_text(self, type: AlgebraicType) -> str:
        return describe_type(self.new, type)

    def texts(self, before: AlgebraicType, after: AlgebraicType) -> tuple[str, str]:
        return self.old_text(before), self.new_text(after)

    def is_same(self, before: AlgebraicType, after: AlgebraicType, *, names: bool = True) -> bool:
        """Whether values look the same; without ``names`` those of the outermost product may differ."""
        if not names and isinstance(before, ProductType) and isinstance(after, ProductType):
            return self._all_same(before.elements, after.elements, names=False, path=frozenset())
        return self._is_same(before, after, frozenset())

    def _is_same(self, before: AlgebraicType, after: AlgebraicType, path: frozenset[tuple[int, int]]) -> bool:
        match before, after:
            case TypeRef(old), TypeRef(new):
                # A pair that is being compared already: the types hold themselves, in the same way so far.
                here = (old, new)
                return here in path or self._is_same(self.old.typespace[old], self.new.typespace[new], path | {here})
            case TypeRef(old), _:
                return self._is_same(self.old.typespace[old], after, path)
            case _, TypeRef(new):
                return self._is_same(before, self.new.typespace[new], path)
            case ProductType(old_elements), ProductType(new_elements):
                return self._all_same(old_elements, new_elements, names=True, path=path)
            case SumType(old_variants), SumType(new_variants):
                return self._all_same(old_variants, new_variants, names=True, path=path)
            case ArrayType(old_element), ArrayType(new_element):
                return self._is_same(old_element, new_element, path)
            case _:
                return before == after

    def _all_same(
        self, before: Sequence[_Member], after: Sequence[_Member], *, names: bool, path: frozenset[tuple[int, int]]
    ) -> bool:
        return len(before) == len(after) and all(
            (not names or old.name == new.name) and self._is_same(old.type, new.type, path)
            for old, new in zip(before, after, strict=True)
        )
