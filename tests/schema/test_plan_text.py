"""What people are shown of a migration plan."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from stdbpy.sats.types import Primitive, TypeRef, option, product
from stdbpy.schema import ModuleSchema, StepKind, plan_migration
from stdbpy.schema.plan_text import plan_text
from stdbpy.schema.planned_changes import PlannedChange, planned_changes
from tests.schema.builders import (
    SCHEDULED_ROW,
    STRING,
    U8,
    U64,
    enum,
    index,
    keyed,
    module,
    reducer,
    scheduled,
    sequence,
    tables,
    unique,
    view,
)
from tests.schema.migrations_to_judge import MIGRATIONS, Migration

RUN = (reducer("run", ("row", TypeRef(0))),)


def shown(old: ModuleSchema, new: ModuleSchema, *, colour: bool = False) -> list[str]:
    return plan_text(planned_changes(plan_migration(old, new), old, new), colour=colour).splitlines()


def test_nothing() -> None:
    assert shown(module(), module()) == ["Tables and views stay as they are."]
    assert shown(module(views=(view("all"),)), module(views=(view("all"),))) == ["Tables and views stay as they are."]


def test_a_new_table_with_what_it_has() -> None:
    old = module(SCHEDULED_ROW, tables=(), reducers=RUN)
    new = module(SCHEDULED_ROW, table=scheduled("run"), reducers=RUN)
    assert shown(old, new) == [
        "+ table person",
        "    public",
        "    id: u64",
        "    at: ScheduleAt",
        "    primary key: id",
        "    each row calls run",
    ]
    [event, *_] = planned_changes(
        plan_migration(module(tables=()), module(table={"is_event": True, "is_public": False})),
        module(tables=()),
        module(table={"is_event": True, "is_public": False}),
    )
    assert event.details[0] == "event table, private"


def test_new_columns_with_their_defaults() -> None:
    old = module(product(("id", U64)))
    new = module(
        product(("id", U64), ("name", STRING), ("mood", TypeRef(1)), ("luck", Primitive.F64), ("nick", option(STRING))),
        ("Mood", enum("Glad", "Sad")),
        defaults={1: b"\2\0\0\0hi", 2: b"\1", 3: b"\0\0\0\0\0\0\xf8\x7f", 4: b"\1"},
    )
    assert shown(old, new) == [
        "+ columns of table person (breaks clients)",
        '    name: str = "hi"',
        '    mood: Mood = {"Sad": []}',
        "    luck: f64",
        '    nick: str | None = {"none": []}',
        "! all clients are disconnected; code generated for the old version does not fit",
    ]


def test_types_with_what_is_in_them() -> None:
    def mood(*variants: str) -> ModuleSchema:
        return module(product(("id", U64), ("mood", option(TypeRef(1)))), ("Mood", enum(*variants)))

    assert shown(mood("Glad"), mood("Glad", "Sad")) == [
        "~ columns of table person",
        "    mood: Glad | None → Glad | Sad | None",
    ]


def test_columns_of_event_tables() -> None:
    old = module(product(("a", U8), ("b", U8)), table={"is_event": True})
    new = module(product(("b", U64), ("c", U8)), table={"is_event": True})
    assert shown(old, new)[:4] == [
        "~ columns of event table person (breaks clients)",
        "    a: u8, which goes",
        "    b: u8 → u64",
        "    c: u8, which is new",
    ]


def test_what_belongs_to_columns() -> None:
    plain = module()
    full = module(table={**keyed(), "sequences": (sequence(0),)})
    assert shown(plain, full) == [
        "+ index person_id_idx_btree of table person",
        "    on id",
        "+ unique constraint person_id_key of table person",
        "    on id",
        "    only if its rows obey it",
        "+ numbering person_id_seq of table person",
        "    on id",
        "    only if no row has a number that it would give out",
        "~ primary key of table person",
        "    none → id",
    ]
    assert shown(full, plain)[:6] == [
        "- index person_id_idx_btree of table person",
        "    on id",
        "- unique constraint person_id_key of table person",
        "    on id",
        "- numbering person_id_seq of table person",
        "    on id",
    ]


def test_two_parts_of_the_same_name_are_told_apart() -> None:
    old = module(table={"indexes": (index(0),)})
    new = module(table={"indexes": (index(0), index(1)), "constraints": (unique(1),)})
    assert [change.details for change in planned_changes(plan_migration(old, new), old, new)] == [("on name",)] * 2


def test_schedules_go_by_the_function_that_they_call() -> None:
    old = module(SCHEDULED_ROW, table=keyed(), reducers=RUN)
    new = module(SCHEDULED_ROW, table=scheduled("run"), reducers=RUN)
    assert shown(old, new)[0] == "+ schedule of table person, which calls run"
    assert shown(new, old)[0] == "- schedule of table person, which calls run"


def test_views() -> None:
    old, new = module(views=(view("all"),)), module(views=(view("all", is_public=False),))
    assert shown(old, new) == ["~ who may read all", "    public → private"]
    other = module(views=(view("all", params=product(("a", U8))),))
    assert shown(old, other)[:3] == ["- view all (breaks clients)", "+ view all", "    parameters: a: u8"]


def test_removed_tables_come_with_the_condition() -> None:
    assert shown(module(tables=tables("a", "b")), module(tables=tables("a")))[:2] == [
        "- table b (breaks clients)",
        "    only if it has no rows",
    ]


def test_colours_change_no_words() -> None:
    for case in MIGRATIONS.values():
        if case.refusal:
            continue
        coloured = "\n".join(shown(case.old, case.new, colour=True))
        assert re.sub("\x1b\\[[0-9;]*m", "", coloured).splitlines() == shown(case.old, case.new)
    assert shown(module(), module(tables=tables("person", "dog")), colour=True)[0] == "\x1b[32m+ table dog\x1b[0m"


@pytest.mark.parametrize("kind", StepKind)
def test_there_are_words_for_everything(kind: StepKind) -> None:
    text = plan_text([PlannedChange(kind, "thing", "whole")])
    assert re.match(r"[-+~!] ", text)


def test_what_came_later_is_shown_as_it_was_said() -> None:
    assert plan_text([PlannedChange(None, "Painted table a", "", ("blue",))]) == "~ Painted table a\n    blue"


@pytest.mark.parametrize("case", MIGRATIONS.values(), ids=MIGRATIONS.keys())
def test_what_breaks_clients_is_marked(case: Migration) -> None:
    plan = plan_migration(case.old, case.new)
    assert plan.breaks_clients == any(step.kind.breaks_clients for step in plan.steps)
    without = [step for step in plan.steps if step.kind is not StepKind.DISCONNECT_CLIENTS]
    assert plan.breaks_clients == any(step.kind.breaks_clients for step in without)
    assert replace(plan, steps=tuple(without)).breaks_clients is False
