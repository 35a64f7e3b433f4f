"""What publishing would do: the route that plans it, and that an update does what was planned."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from stdbpy.errors import ApiError
from stdbpy.schema.migration_plan import StepKind
from tests.contract.programs import PERSON, program
from tests.contract.subject import Subject, fresh_name

UNUSED = "c200" + "1" * 60

DOG = '@table(name="dog")\nclass Dog:\n    id: u64\n'
WITH_DOG = PERSON + DOG
WITH_LEVEL = PERSON.replace("    name: str\n\n\n", "    name: str\n    level: u8 = column(default=7)\n\n\n")
WITHOUT_DEFAULT = WITH_LEVEL.replace(" = column(default=7)", "")
KEYED = PERSON.replace("id: u64", "id: u64 = column(primary_key=True)")
NUMBERED = PERSON.replace("id: u64", "id: u64 = column(primary_key=True, auto_inc=True)")
INDEXED = PERSON.replace("id: u64", 'id: u64 = column(index="btree")')
HASHED = PERSON.replace("id: u64", 'id: u64 = column(index="hash")')
UNIQUE = PERSON.replace("id: u64", "id: u64 = column(unique=True)")
PRIVATE = PERSON.replace(", public=True", "")
RENAMED = PERSON.replace('name="person"', 'name="human"')

GONE = (StepKind.DISCONNECT_CLIENTS, "", "")


def column_of(kind: str) -> str:
    return PERSON.replace("    name: str\n\n\n", f"    name: str\n    mood: {kind}\n\n\n")


@pytest.fixture(autouse=True)
def _newer(newer_server: Subject) -> None:
    """Servers 1.x plan nothing."""


@pytest.fixture
def person(server: Subject) -> str:
    return published(server, PERSON)


def published(server: Subject, source: str) -> str:
    name = fresh_name()
    answer = server.ask("PUT", f"/v1/database/{name}", content=program(server, source))
    assert answer.status_code == 200, answer.text
    return name


def plan(server: Subject, database: str, source: str, query: str = "", **request: Any) -> httpx.Response:
    path = f"/v1/database/{database}/pre_publish{query}"
    return server.ask("POST", path, content=program(server, source), **request)


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        pytest.param(PERSON, PERSON, [], id="nothing"),
        pytest.param(PERSON, PERSON.replace("nothing", "something"), [], id="another reducer"),
        pytest.param(PERSON, WITH_DOG, [(StepKind.ADD_TABLE, "dog", "dog")], id="add a table"),
        pytest.param(WITH_DOG, PERSON, [(StepKind.REMOVE_TABLE, "dog", "dog"), GONE], id="remove a table"),
        pytest.param(
            PERSON,
            RENAMED,
            [(StepKind.REMOVE_TABLE, "person", "person"), (StepKind.ADD_TABLE, "human", "human"), GONE],
            id="rename a table",
        ),
        pytest.param(PERSON, WITH_LEVEL, [(StepKind.ADD_COLUMNS, "person", "person"), GONE], id="add a column"),
        pytest.param(PERSON, PRIVATE, [(StepKind.CHANGE_ACCESS, "person", "person")], id="make it private"),
        pytest.param(PRIVATE, PERSON, [(StepKind.CHANGE_ACCESS, "person", "person")], id="make it public"),
        pytest.param(PERSON, INDEXED, [(StepKind.ADD_INDEX, "person_id_idx_btree", "person")], id="add an index"),
        pytest.param(
            INDEXED,
            HASHED,
            [
                (StepKind.REMOVE_INDEX, "person_id_idx_btree", "person"),
                (StepKind.ADD_INDEX, "person_id_idx_hash", "person"),
            ],
            id="another index",
        ),
        pytest.param(
            PERSON,
            KEYED,
            [
                (StepKind.ADD_INDEX, "person_id_idx_btree", "person"),
                (StepKind.ADD_CONSTRAINT, "person_id_key", "person"),
                (StepKind.CHANGE_PRIMARY_KEY, "person", "person"),
            ],
            id="add a key",
        ),
        pytest.param(
            UNIQUE,
            PERSON,
            [
                (StepKind.REMOVE_INDEX, "person_id_idx_btree", "person"),
                (StepKind.REMOVE_CONSTRAINT, "person_id_key", "person"),
            ],
            id="remove uniqueness",
        ),
        pytest.param(KEYED, NUMBERED, [(StepKind.ADD_SEQUENCE, "person_id_seq", "person")], id="number it"),
        pytest.param(NUMBERED, KEYED, [(StepKind.REMOVE_SEQUENCE, "person_id_seq", "person")], id="do not number it"),
    ],
)
def test_changes(server: Subject, before: str, after: str, changes: list[tuple[StepKind, str, str]]):
    name = published(server, before)
    with server.client() as api:
        made = api.pre_publish(program(server, after), name)
        assert made is not None
        assert [(change.kind, change.name, change.table) for change in made.changes] == changes
        assert made.breaks_clients == (GONE in changes)
        assert (made.needs_clearing, made.is_major_upgrade) == (False, False)
        assert api.publish(program(server, after), name, plan=made).op == "updated"
        again = api.pre_publish(program(server, after), name)
    assert again is not None
    assert again.changes == ()


@pytest.mark.parametrize(
    ("before", "after", "reasons"),
    [
        pytest.param(PERSON, WITHOUT_DEFAULT, [("person", "level")], id="no default"),
        pytest.param(WITH_LEVEL, PERSON, [("person", "level")], id="a column goes"),
        pytest.param(PERSON, PERSON.replace("id: u64", "id: u32"), [("person", "id")], id="another type"),
        pytest.param(
            PERSON, PERSON.replace("name: str", "title: str"), [("person", "name"), ("person", "title")], id="rename"
        ),
        pytest.param(column_of("u8"), column_of("u8 | None"), [("person", "mood")], id="make it optional"),
    ],
)
def test_reasons_against_it(server: Subject, before: str, after: str, reasons: list[tuple[str, str]]):
    name = published(server, before)
    with server.client() as api:
        made = api.pre_publish(program(server, after), name)
        assert made is not None
        assert (made.needs_clearing, made.changes, made.token) == (True, (), "")
        assert len(made.reasons) == len(reasons)
        for table, column in reasons:
            assert [said for said in made.reasons if table in said and column in said]
        with pytest.raises(ApiError, match="update rejected"):
            api.publish(program(server, after), name)
        assert api.publish(program(server, after), name, clear=True).op == "updated"


def test_the_answer(server: Subject, person: str):
    answer = plan(server, person, WITH_LEVEL)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["spacetime-identity"] == server.identity
    content = answer.json()["AutoMigrate"]
    assert set(content) - {"steps"} == {"migrate_plan", "break_clients", "token", "major_version_upgrade"}
    assert content["break_clients"] is True
    assert content["token"].startswith("0x")
    refused = plan(server, person, WITHOUT_DEFAULT).json()["ManualMigrate"]
    assert set(refused) - {"problems"} == {"reason", "major_version_upgrade"}


def test_the_text_is_in_colour_unless_it_shall_not_be(server: Subject, person: str):
    def text(query: str) -> str:
        return str(plan(server, person, WITH_LEVEL, query).json()["AutoMigrate"]["migrate_plan"])

    assert "\x1b[" in text("")
    assert "\x1b[" in text("?style=AnsiColor")
    plain = text("?style=NoColor")
    assert "\x1b[" not in plain
    assert "level" in plain


@pytest.mark.parametrize("query", ["?style=bright", "?style=", "?host_type=Python", "?host_type="])
def test_queries_that_cannot_be_read(server: Subject, person: str, query: str):
    assert plan(server, person, PERSON, query).status_code == 400


def test_databases_that_are_not_there(server: Subject):
    name = fresh_name("nothing")
    answer = plan(server, name, PERSON)
    assert (answer.status_code, answer.text) == (404, f"`{name}` not found")
    answer = plan(server, UNUSED, PERSON)
    assert (answer.status_code, answer.text) == (404, "No such database.")
    with server.client() as api:
        assert api.pre_publish(program(server, PERSON), name) is None


def test_somebody_elses(server: Subject, person: str):
    stranger, token = server.new_token()
    answer = plan(server, person, PERSON, token=token)
    assert answer.status_code == 403
    assert answer.text.startswith(f"{stranger} is not authorized to perform action on database ")
    assert answer.text.endswith(": update database")


@pytest.mark.parametrize("content", [b"", b"hello"])
def test_what_is_no_program(server: Subject, person: str, content: bytes):
    answer = server.ask("POST", f"/v1/database/{person}/pre_publish", content=content)
    assert answer.status_code == 500


class TestAgreement:
    """An update that breaks clients needs the token of its plan."""

    def update(self, server: Subject, database: str, query: str) -> httpx.Response:
        content = program(server, WITH_LEVEL)
        return server.ask("PUT", f"/v1/database/{database}{query}", content=content)

    @pytest.mark.parametrize("query", ["", "?policy=Compatible"])
    def test_none(self, server: Subject, person: str, query: str):
        assert self.update(server, person, query).status_code == 400

    def test_without_a_token(self, server: Subject, person: str):
        assert self.update(server, person, "?policy=BreakClients").status_code == 400
        assert self.update(server, fresh_name(), "?policy=BreakClients").status_code == 400

    @pytest.mark.parametrize("query", ["policy=Whatever", "policy=", "policy=BreakClients&token=12", "token=0xg"])
    def test_queries_that_cannot_be_read(self, server: Subject, person: str, query: str):
        assert self.update(server, person, f"?{query}").status_code == 400

    def test_the_token_of_another_plan(self, server: Subject, person: str):
        token = plan(server, person, WITH_DOG).json()["AutoMigrate"]["token"]
        for wrong in (token, "0x0", f"0x{'0' * 64}"):
            assert self.update(server, person, f"?policy=BreakClients&token={wrong}").status_code == 400
        # What breaks nothing needs no token, but a wrong one is wrong.
        answer = server.ask(
            "PUT", f"/v1/database/{person}?policy=BreakClients&token=0x0", content=program(server, WITH_DOG)
        )
        assert answer.status_code == 400

    def test_the_plans_own(self, server: Subject, person: str):
        token = plan(server, person, WITH_LEVEL).json()["AutoMigrate"]["token"]
        query = f"?policy=BreakClients&token={token}"
        assert self.update(server, person, query).json()["Success"]["op"] == "updated"
        # It is there already, so there is nothing to agree to.
        assert self.update(server, person, query).status_code == 200
        assert self.update(server, person, "?policy=BreakClients&token=0x0").status_code == 200

    def test_a_plan_from_before_another_update(self, server: Subject, person: str):
        token = plan(server, person, WITH_LEVEL).json()["AutoMigrate"]["token"]
        server.ask("PUT", f"/v1/database/{person}", content=program(server, WITH_DOG))
        assert self.update(server, person, f"?policy=BreakClients&token={token}").status_code == 400

    def test_a_new_database_takes_any_token(self, server: Subject):
        assert self.update(server, fresh_name(), "?policy=BreakClients&token=0x0").status_code == 200

    def test_clearing_takes_any_policy(self, server: Subject, person: str):
        assert self.update(server, person, "?policy=BreakClients&clear=true").status_code == 200
