"""Plans of updates, what a publisher agrees to, and locks."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdbpy.engine import Agreement, Engine
from stdbpy.errors import DatabaseLocked, DatabaseNotFound, MigrationRefused, ModuleLoadError, NotAllowed
from stdbpy.sats.values import Identity
from stdbpy.schema import StepKind
from tests.engine.sample import OWNER, program
from tests.engine.test_migration import BEFORE, WITH_COLUMN, WITH_TABLE

STRANGER = Identity(bytes(31) + b"\7")


class Sample:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.identity = engine.publish(program(BEFORE), owner=OWNER, name="sample").database_identity

    def plan(self, source: str):
        return self.engine.plan(program(source), database=self.identity, caller=OWNER)

    def publish(self, source: str, **options: object) -> None:
        self.engine.publish(program(source), owner=OWNER, name="sample", **options)


@pytest.fixture
def sample():
    with Engine(None) as engine:
        yield Sample(engine)


class TestPlans:
    def test_a_plan_changes_nothing(self, sample: Sample):
        plan = sample.plan(WITH_COLUMN)
        assert [change.kind for change in plan.changes] == [StepKind.ADD_COLUMNS, StepKind.DISCONNECT_CLIENTS]
        assert plan.migration.breaks_clients
        assert not plan.is_major_upgrade
        columns = sample.engine.database("sample").schema.tables_by_name["thing"].columns
        assert [column.name for column in columns] == ["id", "name"]

    def test_what_would_be_refused_is_planned_too(self, sample: Sample):
        plan = sample.plan(BEFORE.replace("    name: str\n\n\n", "    name: bool\n\n\n"))
        assert plan.migration.problems
        with pytest.raises(MigrationRefused):
            plan.expect_agreement(Agreement())

    def test_tokens_tell_updates_apart(self, sample: Sample):
        token = sample.plan(WITH_COLUMN).token
        assert token == sample.plan(WITH_COLUMN).token
        assert token != sample.plan(WITH_TABLE).token
        other = sample.engine.publish(program(BEFORE), owner=OWNER).database_identity
        assert token != sample.engine.plan(program(WITH_COLUMN), database=other, caller=OWNER).token
        sample.publish(WITH_TABLE)
        assert token != sample.plan(WITH_COLUMN).token

    def test_of_programs_that_are_none(self, sample: Sample):
        with pytest.raises(ModuleLoadError):
            sample.plan("nonsense(")

    def test_whose_databases(self, sample: Sample):
        with pytest.raises(NotAllowed):
            sample.engine.plan(program(BEFORE), database=sample.identity, caller=STRANGER)
        with pytest.raises(DatabaseNotFound):
            sample.engine.plan(program(BEFORE), database=STRANGER, caller=OWNER)


class TestAgreement:
    def test_to_the_plan(self, sample: Sample):
        sample.publish(WITH_COLUMN, agreement=Agreement(token=sample.plan(WITH_COLUMN).token))
        # It is there already: nothing is left to agree to.
        sample.publish(WITH_COLUMN, agreement=Agreement(token=bytes(32)))

    @pytest.mark.parametrize("source", [WITH_COLUMN, WITH_TABLE])
    def test_to_another_plan(self, sample: Sample, source: str):
        with pytest.raises(MigrationRefused, match="another than the one"):
            sample.publish(source, agreement=Agreement(token=sample.plan(BEFORE).token))

    def test_to_what_clients_survive(self, sample: Sample):
        with pytest.raises(MigrationRefused, match="Clients"):
            sample.publish(WITH_COLUMN, agreement=Agreement(break_clients=False))
        sample.publish(WITH_TABLE, agreement=Agreement(break_clients=False))


class TestLocks:
    def test_deleting_and_clearing_wait_for_the_key(self, sample: Sample):
        sample.engine.set_lock(sample.identity, OWNER, locked=True)
        with pytest.raises(DatabaseLocked):
            sample.engine.delete(sample.identity, OWNER)
        with pytest.raises(DatabaseLocked):
            sample.publish(BEFORE, clear=True)
        sample.publish(WITH_TABLE)
        sample.engine.set_lock(sample.identity, OWNER, locked=False)
        sample.publish(BEFORE, clear=True)
        sample.engine.delete(sample.identity, OWNER)

    @pytest.mark.parametrize("locked", [True, False])
    def test_whose_databases(self, sample: Sample, locked: bool):
        with pytest.raises(NotAllowed):
            sample.engine.set_lock(sample.identity, STRANGER, locked=locked)
        with pytest.raises(DatabaseNotFound):
            sample.engine.set_lock(STRANGER, OWNER, locked=locked)

    def test_they_survive_a_restart(self, tmp_path: Path):
        with Engine(tmp_path) as engine:
            identity = Sample(engine).identity
            engine.set_lock(identity, OWNER, locked=True)
        with Engine(tmp_path) as engine:
            with pytest.raises(DatabaseLocked):
                engine.delete(identity, OWNER)
            engine.set_lock(identity, OWNER, locked=False)
        with Engine(tmp_path) as engine:
            engine.delete(identity, OWNER)
