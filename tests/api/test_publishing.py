"""Publishing, plans of updates, locks: the requests that are made, and what becomes of the answers."""

from __future__ import annotations

from typing import Any

import pytest

from stdbpy.api import databases, deletion, publishing
from stdbpy.api.exchange import Response
from stdbpy.errors import ApiError, Forbidden, InvalidName, NotFound, NotSupported, UnexpectedAnswer
from stdbpy.schema.migration_plan import StepKind
from stdbpy.schema.planned_changes import PlannedChange
from tests.api.scripted import IDENTITY, below_database, carry, json_answer, text_answer

PUBLISHED = json_answer({"Success": {"domain": "chat", "database_identity": IDENTITY, "op": "updated"}})
NO_SUCH_ROUTE = Response(404, {}, b"")
OLD_SERVER = json_answer({"version": "1.2.0"})
NEW_SERVER = json_answer({"version": "2.8.3"})


def possible(text: str = "", **more: Any) -> Response:
    plan = {"migrate_plan": text, "break_clients": True, "token": "0xab", "major_version_upgrade": False, **more}
    return below_database(json_answer({"AutoMigrate": plan}))


class TestPublish:
    def test_everything_that_can_be_said(self):
        _, [_, request] = carry(
            publishing.publish(
                b"x", "chat", parent="all", organization="us", host_type="Js", num_replicas=3, clear=True
            ),
            NEW_SERVER,
            PUBLISHED,
        )
        assert (request.method, request.path, request.body) == ("PUT", "/v1/database/chat", b"x")
        assert dict(request.query) == {
            "parent": "all",
            "org": "us",
            "host_type": "Js",
            "num_replicas": "3",
            "clear": "true",
        }

    def test_nothing_is_asked_without_need(self):
        _, [request] = carry(publishing.publish(b"x", "chat", host_type="Wasm"), PUBLISHED)
        assert dict(request.query) == {"host_type": "Wasm"}

    def test_a_parent_in_the_name(self):
        for given in ({}, {"parent": "all"}):
            _, [_, request] = carry(publishing.publish(b"x", "all/chat", **given), NEW_SERVER, PUBLISHED)
            assert request.path == "/v1/database/chat"
            assert dict(request.query) == {"parent": "all"}

    @pytest.mark.parametrize(
        ("given", "sentence"),
        [({"parent": "all"}, "no database 'all'"), ({"organization": "all"}, "no organization 'all'")],
    )
    def test_relatives_that_are_not_there(self, given: dict[str, Any], sentence: str):
        answer = below_database(text_answer("`all` not found", 404))
        with pytest.raises(NotFound, match=sentence) as caught:
            carry(publishing.publish(b"x", "chat", **given), NEW_SERVER, answer)
        assert caught.value.hint

    @pytest.mark.parametrize("name", ["all//chat", "all/chat/", "/chat", "a/b/c", "all/"])
    def test_names_with_more_than_a_parent(self, name: str):
        with pytest.raises(InvalidName):
            carry(publishing.publish(b"x", name))

    def test_two_parents(self):
        with pytest.raises(InvalidName, match="'most'"):
            carry(publishing.publish(b"x", "all/chat", parent="most"))

    @pytest.mark.parametrize("given", [{"parent": "a"}, {"organization": "a"}, {"host_type": "Js"}])
    def test_servers_that_take_no_notice_are_not_asked(self, given: dict[str, Any]):
        with pytest.raises(NotSupported, match=r"this server's version, 1\.2\.0, does not"):
            carry(publishing.publish(b"x", "chat", **given), OLD_SERVER)

    def test_an_update_that_may_break_clients_needs_the_plans_token(self):
        _, [asked, request] = carry(publishing.publish(b"x", "chat", break_clients=True), possible(), PUBLISHED)
        assert (asked.method, asked.path) == ("POST", "/v1/database/chat/pre_publish")
        assert dict(request.query) == {"policy": "BreakClients", "token": "0xab"}

    def test_a_plan_that_was_agreed_to(self):
        plan, _ = carry(publishing.pre_publish(b"x", "chat"), possible())
        _, [request] = carry(publishing.publish(b"x", "chat", plan=plan), PUBLISHED)
        assert dict(request.query) == {"policy": "BreakClients", "token": "0xab"}
        _, [request] = carry(publishing.publish(b"x", "chat", plan=plan, clear=True), PUBLISHED)
        assert dict(request.query) == {"clear": "true"}

    def test_servers_without_plans_are_told_nothing(self):
        answers = (NO_SUCH_ROUTE, OLD_SERVER, PUBLISHED)
        _, [_, _, request] = carry(publishing.publish(b"x", "chat", break_clients=True), *answers)
        assert dict(request.query) == {}

    def test_a_plan_that_the_server_fails_to_write(self):
        failed = below_database(text_answer("Failed to format migration plan: Table not found: all", 500))
        _, [_, request] = carry(publishing.publish(b"x", "chat", break_clients=True), failed, PUBLISHED)
        assert dict(request.query) == {}


class TestPlans:
    def test_the_changes_in_a_real_servers_text(self):
        text = (
            "━━━━\nDatabase Migration Plan\n━━━━\n\n"
            "▸ \x1b[0m\x1b[31mRemoved\x1b[0m index by_name on [name, age] of table person\n"
            "▸ Created column in table person\n    + height: U32 (default: U32(\n    160,\n))\n"
            "▸ ▸ Created anonymous view: all\n    Columns:\n        • id: U64\n\n"
            "▸ Created row level security policy:\n    `SELECT * FROM a`\n"
            "▸ Painted table person\n    blue\n"
            "!!! Warning: All clients will be disconnected due to breaking schema changes\n"
        )
        plan, [request] = carry(publishing.pre_publish(b"x", "chat", host_type="Wasm"), possible(text))
        assert dict(request.query) == {"style": "NoColor", "host_type": "Wasm"}
        assert plan is not None
        assert plan.changes == (
            PlannedChange(StepKind.REMOVE_INDEX, "by_name", "person", ("on name, age",)),
            PlannedChange(StepKind.ADD_COLUMNS, "person", "person", ("height: U32 (default: U32(160,))",)),
            PlannedChange(StepKind.ADD_VIEW, "all", "all", ("id: U64",)),
            PlannedChange(StepKind.ADD_ROW_LEVEL_SECURITY, "SELECT * FROM a"),
            PlannedChange(None, "Painted table person", "", ("blue",)),
            PlannedChange(StepKind.DISCONNECT_CLIENTS),
        )
        assert (plan.breaks_clients, plan.needs_clearing, plan.token) == (True, False, "0xab")

    def test_the_changes_as_the_embedded_server_tells_them(self):
        steps = [
            {"kind": "add_table", "name": "a", "table": "a", "details": ["public"]},
            {"kind": "paint_table", "name": "b"},
        ]
        plan, [request] = carry(publishing.pre_publish(b"x", "chat", colour=True), possible("…", steps=steps))
        assert dict(request.query) == {"style": "AnsiColor"}
        assert plan is not None
        assert plan.changes == (
            PlannedChange(StepKind.ADD_TABLE, "a", "a", ("public",)),
            PlannedChange(None, "b"),
        )

    def test_reasons_of_a_real_server(self):
        reason = "Errors occurred:\nRemoving a column a\nRemoving a column b\n\n"
        answer = json_answer({"ManualMigrate": {"reason": reason, "major_version_upgrade": True}})
        plan, _ = carry(publishing.pre_publish(b"x", "chat"), below_database(answer))
        assert plan is not None
        assert plan.reasons == ("Removing a column a", "Removing a column b")
        assert (plan.needs_clearing, plan.is_major_upgrade, plan.token) == (True, True, "")

    def test_reasons_of_the_embedded_server(self):
        problems = [{"where": "table a", "message": "It goes", "hint": "Keep it"} for _ in range(2)]
        answer = json_answer({"ManualMigrate": {"reason": "table a: It goes", "problems": problems}})
        plan, _ = carry(publishing.pre_publish(b"x", "chat"), below_database(answer))
        assert plan is not None
        assert (plan.reasons, plan.hints) == (("table a: It goes",) * 2, ("Keep it",) * 2)

    def test_of_a_database_that_is_not_there(self):
        answer = below_database(text_answer("`chat` not found", 404))
        plan, _ = carry(publishing.pre_publish(b"x", "chat"), answer)
        assert plan is None

    def test_of_a_database_with_a_parent(self):
        _, [request] = carry(publishing.pre_publish(b"x", "all/chat"), possible())
        assert request.path == "/v1/database/chat/pre_publish"

    def test_that_the_server_has_no_words_for(self):
        answer = below_database(text_answer("Failed to format migration plan: Table not found: all", 500))
        with pytest.raises(NotSupported, match="cannot write down the plan"):
            carry(publishing.pre_publish(b"x", "chat"), answer)

    def test_of_a_kind_that_came_later(self):
        with pytest.raises(UnexpectedAnswer, match="unknown kind"):
            carry(publishing.pre_publish(b"x", "chat"), below_database(json_answer({"HalfMigrate": {}})))


@pytest.mark.parametrize(
    ("exchange", "doing"),
    [
        (publishing.pre_publish(b"x", "chat"), "plan updates"),
        (publishing.reset(b"x", "chat"), "reset databases"),
        (databases.lock("chat"), "lock databases"),
        (databases.unlock("chat"), "unlock databases"),
    ],
)
def test_what_old_servers_cannot_do(exchange: Any, doing: str):
    with pytest.raises(NotSupported, match=rf"this server's version, 1\.2\.0, does not {doing}") as caught:
        carry(exchange, NO_SUCH_ROUTE, OLD_SERVER)
    assert caught.value.hint


def test_what_is_no_spacetimedb_is_not_called_an_old_one():
    with pytest.raises(UnexpectedAnswer, match="no such route"):
        carry(databases.lock("chat"), NO_SUCH_ROUTE, NO_SUCH_ROUTE)


def test_reset():
    result, [request] = carry(publishing.reset(b"x", "chat", num_replicas=1), below_database(PUBLISHED))
    assert (request.method, request.path, request.body) == ("PUT", "/v1/database/chat/reset", b"x")
    assert dict(request.query) == {"num_replicas": "1"}
    assert result.op == "updated"


class TestLocks:
    @pytest.mark.parametrize("action", ["lock", "unlock"])
    def test_requests(self, action: str):
        _, [request] = carry(getattr(databases, action)("chat"), below_database(text_answer("")))
        assert (request.method, request.path) == ("POST", f"/v1/database/chat/{action}")

    def test_a_database_that_is_not_there(self):
        answer = below_database(text_answer("`chat` not found", 404))
        with pytest.raises(NotFound, match="no database 'chat'"):
            carry(databases.lock("chat"), answer, json_answer({"identities": []}))

    @pytest.mark.parametrize(
        "exchange",
        [deletion.delete("chat"), publishing.reset(b"", "chat"), publishing.publish(b"", "chat", clear=True)],
    )
    def test_what_is_locked(self, exchange: Any):
        answer = below_database(text_answer("Database is locked and cannot be changed.", 403))
        with pytest.raises(Forbidden, match="'chat' is locked") as caught:
            carry(exchange, answer)
        assert "stdbpy unlock chat" in caught.value.hint


class TestNames:
    @pytest.mark.parametrize(
        ("exchange", "answer"),
        [
            (
                databases.set_names("chat", ["a", "b"]),
                json_answer({"OtherError": "Cannot rename to b because it already is in use."}, 400),
            ),
            (databases.add_name("chat", "b"), text_answer("record with the name b already exists", 500)),
            (databases.add_name("chat", "b"), text_answer("The name 'b' is taken by another database", 400)),
        ],
    )
    def test_a_name_that_is_taken(self, exchange: Any, answer: Response):
        with pytest.raises(ApiError, match="the name 'b' is taken") as caught:
            carry(exchange, below_database(answer))
        assert caught.value.hint == "Choose another name."


class TestRefusedPrograms:
    def test_a_name_of_somebody_else(self):
        answer = below_database(json_answer({"PermissionDenied": {"name": "chat"}}, 401))
        with pytest.raises(Forbidden, match="'chat' belongs to another"):
            carry(publishing.publish(b"", "chat"), answer)

    @pytest.mark.parametrize(
        ("said", "hint"),
        [
            ("", "Change the module so that it fits the data that is there, or publish to empty tables with {}."),
            ("\nhint: Delete its rows.", "Delete its rows, or publish to empty tables with {}."),
            ("\nhint: Copy, or publish with the data cleared", "Copy, or publish with the data cleared ({})."),
        ],
    )
    def test_an_update_that_the_data_does_not_fit(self, said: str, hint: str):
        answer = below_database(text_answer(f"Database update rejected: no{said}", 400))
        with pytest.raises(ApiError) as caught:
            carry(publishing.publish(b"", "chat"), answer)
        assert caught.value.message == "the server refused: Database update rejected: no"
        assert caught.value.hint == hint.format("--delete-data")

    def test_a_project_published_to_a_server_for_webassembly(self):
        answer = below_database(text_answer("failed to parse WebAssembly module: magic header not detected", 500))
        with pytest.raises(ApiError) as caught:
            carry(publishing.publish(b"PK\x03\x04...", "chat"), answer)
        assert "stdbpy start" in caught.value.hint

    def test_a_name_that_breaks_the_rules(self):
        answer = below_database(text_answer("Invalid URL: invalid characters in database name", 400))
        with pytest.raises(ApiError) as caught:
            carry(publishing.publish(b"", "Chat"), answer)
        assert "lower-case" in caught.value.hint

    def test_hints_of_several_problems_are_told_apart_from_them_and_once(self):
        said = "it is so\nm.py:1: error: one\n    hint: Do this.\nm.py:2: error: two\n    hint: Do this.\nhint: Look."
        with pytest.raises(ApiError) as caught:
            carry(publishing.publish(b"x"), text_answer(said, 400))
        assert caught.value.message == "the server refused: it is so m.py:1: error: one m.py:2: error: two"
        assert caught.value.hint == "Do this. Look."

    @pytest.mark.parametrize(
        ("said", "sentence"),
        [
            ("abi version 10.4 is not supported (host implements 10.0)", "needs a newer server: .*10.4, not 10.0"),
            ("failed to parse WebAssembly module: unexpected end-of-file", "is no WebAssembly module"),
            ("this build has no V8: …", "runs no JavaScript"),
            ("error decoding: unknown tag 0x2 for sum type RawModuleDef", "needs a newer server"),
            ("Errors occurred:\nTable name is reserved: st_mine\n\n", "cannot use this program: .*st_mine"),
        ],
    )
    def test_programs_that_a_server_cannot_use(self, said: str, sentence: str):
        for exchange in (publishing.publish(b"x", "chat"), publishing.pre_publish(b"x", "chat")):
            with pytest.raises(ApiError, match=sentence) as caught:
                carry(exchange, below_database(text_answer(said, 500)))
            assert caught.value.hint

    def test_a_failure_of_the_server_itself_keeps_its_hint(self):
        with pytest.raises(ApiError) as caught:
            carry(publishing.publish(b"x"), text_answer("The disk is full\nhint: Make room.", 503))
        assert caught.value.hint == "Make room."

    @pytest.mark.parametrize(
        ("said", "hint"),
        [
            ("Migration plan contains a client-breaking change", "--break-clients"),
            ("Token provided is invalid or does not match expected hash", "publish again"),
            ("Cannot remove table `person`: table contains data.", "Delete its rows first"),
        ],
    )
    def test_updates_that_are_not_carried_out(self, said: str, hint: str):
        answer = below_database(text_answer(f"Failed to create or update the database: {said}", 400))
        with pytest.raises(ApiError) as caught:
            carry(publishing.publish(b"x", "chat"), answer)
        assert hint in caught.value.hint
