"""A real SpacetimeDB 2.8.3 is asked what these tests take for granted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import httpx
import pytest

from stdbpy.api.plan_reading import read_plan
from stdbpy.sats.types import UNIT, product, sum_of
from stdbpy.schema import (
    CasePolicy,
    ModuleSchema,
    StepKind,
    TypeDef,
    plan_migration,
    read_module_def,
    schema_to_json,
    write_module_def,
)
from stdbpy.schema.definition import Version
from stdbpy.schema.names import camel_case, pascal_case, snake_case
from stdbpy.schema.planned_changes import PlannedChange, planned_changes
from stdbpy.wasm.definition_module import definition_module
from tests import real_servers
from tests.real_servers import RealServer
from tests.schema import recorded
from tests.schema.builders import U8, module, reducer
from tests.schema.migrations_to_judge import MIGRATIONS, Migration
from tests.schema.modules_to_judge import ACCEPTED, REFUSED, Refused

pytestmark = pytest.mark.real


class Publisher:
    """Publishes modules to the real server as one identity."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._made: list[str] = []

    def publish(self, program: bytes, database: str = "", **options: str) -> httpx.Response:
        path = f"/v1/database/{database}" if database else "/v1/database"
        method = "PUT" if database else "POST"
        headers = {"Content-Type": "application/wasm"}
        answer = self._client.request(method, path, content=program, headers=headers, params=options)
        if answer.is_success and answer.json()["Success"]["op"] == "created":
            self._made.append(answer.json()["Success"]["database_identity"])
        return answer

    def delete_what_was_made(self) -> None:
        """Hundreds of databases keep the server busy though nobody asks them for anything."""
        for database in self._made:
            self._client.delete(f"/v1/database/{database}")

    def published(self, program: bytes) -> str:
        """The identity of a new database."""
        answer = self.publish(program)
        assert answer.is_success, answer.text
        identity: str = answer.json()["Success"]["database_identity"]
        return identity

    def printed(self, database: str, version: int) -> dict[str, object]:
        answer = self._client.get(f"/v1/database/{database}/schema", params={"version": version})
        schema: dict[str, object] = answer.raise_for_status().json()
        return schema

    def plan(self, database: str, program: bytes) -> dict[str, dict[str, object]]:
        path = f"/v1/database/{database}/pre_publish"
        answer = self._client.post(path, content=program, params={"style": "NoColor"})
        plan: dict[str, dict[str, object]] = answer.raise_for_status().json()
        return plan


def _publisher(server: RealServer) -> Iterator[Publisher]:
    with httpx.Client(base_url=server.url, trust_env=False, verify=False, timeout=60) as client:
        token = client.post("/v1/identity").raise_for_status().json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        publisher = Publisher(client)
        yield publisher
        publisher.delete_what_was_made()


@pytest.fixture(scope="module")
def publisher(real_server: RealServer) -> Iterator[Publisher]:
    yield from _publisher(real_server)


@pytest.fixture(scope="module")
def old_publisher(old_real_server: RealServer) -> Iterator[Publisher]:
    yield from _publisher(old_real_server)


@pytest.mark.parametrize("name", recorded.NAMES)
def test_prints_what_was_recorded(name: str, publisher: Publisher) -> None:
    database = publisher.published(definition_module(recorded.definition(name)))
    for version in (9, 10):
        printed = publisher.printed(database, version)
        assert recorded.in_one_order(printed) == recorded.in_one_order(recorded.printed(name, version))


@pytest.mark.parametrize("name", recorded.V9_NAMES)
def test_the_old_server_prints_the_same(name: str, old_publisher: Publisher) -> None:
    database = old_publisher.published(definition_module(recorded.definition(name)))
    printed = old_publisher.printed(database, 9)
    assert recorded.in_one_order(printed) == recorded.in_one_order(recorded.printed(name, 9))


@pytest.mark.parametrize("name", recorded.NAMES)
def test_takes_what_is_written_for_what_was_read(name: str, publisher: Publisher) -> None:
    schema = read_module_def(recorded.definition(name))
    database = publisher.published(definition_module(write_module_def(schema)))
    printed = publisher.printed(database, 10)
    if schema.version == 10:
        assert recorded.in_one_order(printed) == recorded.in_one_order(recorded.printed(name, 10))
    assert recorded.in_one_order(publisher.printed(database, 9)) == recorded.in_one_order(recorded.printed(name, 9))


@pytest.mark.parametrize("schema", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepts_and_prints(schema: ModuleSchema, publisher: Publisher) -> None:
    database = publisher.published(definition_module(write_module_def(schema)))
    versions: tuple[Version, ...] = (9, 10)
    for version in versions:
        printed = publisher.printed(database, version)
        assert recorded.in_one_order(printed) == recorded.in_one_order(schema_to_json(schema, version))


@pytest.mark.parametrize("case", [case for case in REFUSED.values() if case.real != "dies"])
def test_refuses(case: Refused, publisher: Publisher) -> None:
    answer = publisher.publish(definition_module(write_module_def(case.schema)))
    assert answer.is_success == (case.real == "yes"), answer.text


@pytest.mark.parametrize("case", [case for case in REFUSED.values() if case.real == "dies"])
def test_does_not_survive(case: Refused) -> None:
    program = definition_module(write_module_def(case.schema))
    with (
        real_servers.running("2.8.3") as server,
        httpx.Client(base_url=server.url, trust_env=False, verify=False) as client,
    ):
        publisher = Publisher(client)
        with pytest.raises(httpx.TransportError):
            publisher.publish(program)


@pytest.mark.parametrize("case", MIGRATIONS.values(), ids=MIGRATIONS.keys())
def test_migrates(case: Migration, publisher: Publisher) -> None:
    database = publisher.published(definition_module(write_module_def(case.old)))
    program = definition_module(write_module_def(case.new))
    ours = plan_migration(case.old, case.new)
    options = {}
    if case.real != "no plan":
        plan = publisher.plan(database, program)
        assert ("ManualMigrate" in plan) == bool(case.refusal), plan
        if not case.refusal:
            assert plan["AutoMigrate"]["break_clients"] == ours.breaks_clients
            theirs = read_plan(str(plan["AutoMigrate"]["migrate_plan"]))
            assert _told(theirs) == _told(planned_changes(ours, case.old, case.new))
            options = {"policy": "BreakClients", "token": str(plan["AutoMigrate"]["token"])}
    answer = publisher.publish(program, database, **options)
    if case.real == "not yet implemented":
        assert case.real in answer.text
    else:
        assert answer.is_success == (not case.refusal), answer.text


@pytest.mark.parametrize("old", recorded.NAMES)
def test_plans_of_whole_modules(old: str, publisher: Publisher) -> None:
    """From each recorded module to each of the next few, which have little in common."""
    place = recorded.NAMES.index(old)
    database = publisher.published(definition_module(recorded.definition(old)))
    before = read_module_def(recorded.definition(old))
    for new in recorded.NAMES[place + 1 : place + 4]:
        after = read_module_def(recorded.definition(new))
        ours = plan_migration(before, after)
        plan = publisher.plan(database, definition_module(recorded.definition(new)))
        assert ("ManualMigrate" in plan) == bool(ours.problems)
        if not ours.problems:
            theirs = read_plan(str(plan["AutoMigrate"]["migrate_plan"]))
            assert _told(theirs) == _told(planned_changes(ours, before, after))


def _told(changes: Iterable[PlannedChange]) -> list[tuple[StepKind | None, str, str]]:
    """What both say in the same words; details are in each one's own."""
    return [(change.kind, change.name, change.table) for change in changes]


def test_names_of_every_shape(publisher: Publisher) -> None:
    """Each name as a column, a variant, a type and a reducer of a module with case conversion."""
    words = ["a", "A", "1", "_", "b2", "HTTP", "Foo", "é", "À", "ß", "Σ", "ǅ", "ﬁ", "日", "İ", "x\u0331"]
    names = {f"{one}{two}{three}" for one in words for two in words for three in words[:6]}
    names = {name for name in names if name.isidentifier() and snake_case(name).isidentifier()}

    def distinct(convert: object) -> list[str]:
        assert callable(convert)
        return list({convert(name): name for name in sorted(names) if convert(name).isidentifier()}.values())

    row = product(*((name, U8) for name in distinct(snake_case)))
    variants = distinct(camel_case)
    enums = [
        sum_of(*((name, UNIT) for name in variants[start : start + 250])) for start in range(0, len(variants), 250)
    ]
    definitions = [TypeDef("", f"E{number}x", number) for number in range(len(enums) + 1)]
    taken = {pascal_case(definition.source_name) for definition in definitions}
    definitions += [TypeDef("", name, 0) for name in distinct(pascal_case) if pascal_case(name) not in taken]
    schema = module(
        row,
        *(("", type) for type in enums),
        types=tuple(definitions),
        reducers=tuple(reducer(name) for name in distinct(snake_case)),
        case_policy=CasePolicy.SNAKE_CASE,
    )
    database = publisher.published(definition_module(write_module_def(schema)))
    printed = publisher.printed(database, 10)
    assert recorded.in_one_order(printed) == recorded.in_one_order(schema_to_json(schema, 10))
