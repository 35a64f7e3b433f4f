from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.errors import MigrationRefused
from stdbpy.sats.types import IDENTITY, UNIT, AlgebraicType, ArrayType, Primitive, product, sum_of
from stdbpy.schema import MigrationPlan, ModuleSchema, Outbox, StepKind, plan_migration, read_module_def, validate
from stdbpy.schema.column_types import size_and_alignment
from tests.schema import recorded
from tests.schema.builders import U8, U64, index, keyed, module, sequence, tables, unique
from tests.schema.migrations_to_judge import MIGRATIONS, Migration


@pytest.mark.parametrize("case", MIGRATIONS.values(), ids=MIGRATIONS.keys())
def test_plans_what_the_server_plans(case: Migration) -> None:
    assert not [problem for problem in validate(case.old) + validate(case.new) if problem.level == "error"]
    plan = plan_migration(case.old, case.new)
    if case.refusal:
        with pytest.raises(MigrationRefused) as raised:
            plan.raise_if_refused()
        assert case.refusal in str(raised.value)
        assert raised.value.hint
        assert plan.steps == ()
    else:
        plan.raise_if_refused()
        assert tuple(str(step) for step in plan.steps) == case.steps
        assert plan.breaks_clients == ("Disconnect all clients" in case.steps)


@pytest.mark.parametrize("name", recorded.NAMES)
def test_a_module_replaced_by_itself_keeps_its_database(name: str) -> None:
    schema = read_module_def(recorded.definition(name))
    plan = plan_migration(schema, schema)
    assert (plan.problems, plan.changes_schema, plan.breaks_clients) == ((), False, False)
    assert {step.name for step in plan.steps} == {view.name for view in schema.views}


def test_all_reasons_come_at_once() -> None:
    old = module(product(("a", U8), ("b", U8), ("c", U8)))
    new = module(product(("a", U64), ("c", U8), ("d", U8)))
    places = {problem.where for problem in plan_migration(old, new).problems}
    assert places == {f"table person, column {name}" for name in "abcd"}


def test_the_rules_for_outboxes() -> None:
    row = product(("id", U64), ("to", IDENTITY), ("also", IDENTITY))

    def sending(outbox: Outbox | None, **table: object) -> ModuleSchema:
        return module(row, table={**keyed(), "outbox": outbox, **table})

    outbox = Outbox("receive", 1, (), None, 7)
    plain, old = sending(None), sending(outbox)
    assert "become an outbox" in _refusal(plan_migration(plain, old))
    assert "no longer be an outbox" in _refusal(plan_migration(old, plain))
    assert "target" in _refusal(plan_migration(old, sending(replace(outbox, target_column=2))))
    assert "primary key" in _refusal(plan_migration(old, sending(outbox, primary_key=None)))
    [step] = plan_migration(old, sending(replace(outbox, signature_hash=8))).steps
    assert step.kind is StepKind.CHANGE_OUTBOX


def _refusal(plan: MigrationPlan) -> str:
    [problem] = plan.problems
    return problem.message


# --- properties ------------------------------------------------------------------------------


@st.composite
def modules(draw: st.DrawFn) -> ModuleSchema:
    """Tables of three unchanging columns with any indexes, constraints and sequences."""

    def table(name: str) -> ModuleSchema:
        indexed = draw(st.sets(st.integers(0, 2)))
        return module(
            product(("a", U64), ("b", U64), ("c", U64)),
            table={
                "source_name": name,
                "is_public": draw(st.booleans()),
                "indexes": tuple(index(column) for column in indexed),
                "constraints": tuple(unique(column) for column in indexed if draw(st.booleans())),
                "sequences": tuple(sequence(column) for column in draw(st.sets(st.integers(0, 2)))),
            },
        )

    names = draw(st.sets(st.sampled_from(["dog", "cat", "bird"])))
    return module(product(("a", U64), ("b", U64), ("c", U64)), tables=tuple(table(n).tables[0] for n in sorted(names)))


def _things(schema: ModuleSchema) -> set[tuple[str, str, str]]:
    """What there is in a database: ``(kind, table, name)``."""
    things = set()
    for table in schema.tables:
        things.add(("TABLE", table.name, table.name))
        things |= {("INDEX", table.name, it.name) for it in table.indexes}
        things |= {("CONSTRAINT", table.name, it.name) for it in table.constraints}
        things |= {("SEQUENCE", table.name, it.name) for it in table.sequences}
    return things


@given(modules(), modules())
def test_doing_the_steps_gives_the_new_schema(old: ModuleSchema, new: ModuleSchema) -> None:
    assert validate(old) == validate(new) == []
    things = _things(old)
    public = {table.name: table.is_public for table in old.tables}
    for step in plan_migration(old, new).steps:
        action, _, kind = step.kind.name.partition("_")
        if step.kind is StepKind.ADD_TABLE:
            things |= {thing for thing in _things(new) if thing[1] == step.name}
            public[step.name] = new.tables_by_name[step.name].is_public
        elif step.kind is StepKind.REMOVE_TABLE:
            things = {thing for thing in things if thing[1] != step.name}
            del public[step.name]
        elif step.kind is StepKind.CHANGE_ACCESS:
            public[step.name] = not public[step.name]
        elif action == "REMOVE":
            things.remove((kind, step.table, step.name))
        elif action == "ADD":
            assert (kind, step.table, step.name) not in things
            things.add((kind, step.table, step.name))
    assert things == _things(new)
    assert public == {table.name: table.is_public for table in new.tables}


@given(modules(), modules())
def test_clients_are_disconnected_only_when_a_table_goes(old: ModuleSchema, new: ModuleSchema) -> None:
    gone = old.tables_by_name.keys() - new.tables_by_name.keys()
    assert plan_migration(old, new).breaks_clients == bool(gone)


def test_tables_are_told_apart_by_name_not_by_place() -> None:
    old, new = module(tables=tables("a", "b")), module(tables=tables("b", "a"))
    assert plan_migration(old, new).steps == ()


# --- the size of stored values ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("type", "expected"),
    [
        (Primitive.BOOL, (1, 1)),
        (Primitive.U256, (32, 32)),
        (Primitive.STRING, (4, 2)),
        (ArrayType(U64), (4, 2)),
        (UNIT, (0, 1)),
        (product(("a", U8), ("b", U64), ("c", U8)), (24, 8)),
        (sum_of(), (1, 1)),
        (sum_of(("a", UNIT)), (1, 1)),
        (sum_of(("a", U8)), (2, 1)),
        (sum_of(("a", U64), ("b", product(*((str(n), U8) for n in range(9))))), (24, 8)),
    ],
)
def test_size_and_alignment(type: AlgebraicType, expected: tuple[int, int]) -> None:
    assert size_and_alignment(type) == expected
