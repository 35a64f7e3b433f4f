"""Databases that are locked, and resetting those that are not."""

from __future__ import annotations

import pytest

from stdbpy.errors import Forbidden
from tests.contract.subject import Subject, fresh_name

UNUSED = "c200" + "1" * 60


@pytest.fixture(autouse=True)
def _newer(newer_server: Subject) -> None:
    """Servers 1.x have no locks and no route to reset a database."""


def set_lock(server: Subject, database: str, action: str = "lock", **request: object):
    return server.ask("POST", f"/v1/database/{database}/{action}", **request)


def reset(server: Subject, database: str, query: str = "", **request: object):
    content = server.program("quickstart_chat")
    return server.ask("PUT", f"/v1/database/{database}/reset{query}", content=content, **request)


class TestLocks:
    @pytest.mark.parametrize("action", ["lock", "unlock"])
    def test_any_number_of_times(self, server: Subject, chat: str, action: str):
        for _ in range(2):
            answer = set_lock(server, chat, action)
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["spacetime-identity"] == server.identity

    def test_what_it_forbids(self, server: Subject, chat: str):
        server.call(chat, "send_message", '["hello"]')
        set_lock(server, chat)
        for answer in (
            server.ask("DELETE", f"/v1/database/{chat}"),
            server.publish("quickstart_chat", f"{chat}?clear=true"),
            reset(server, chat),
        ):
            assert answer.status_code == 403
            assert answer.headers["content-type"] == "text/plain; charset=utf-8"
            assert answer.text.startswith("Database is locked")
        assert len(server.rows(chat, "select * from message")) == 1

    def test_what_it_allows(self, server: Subject, chat: str):
        set_lock(server, chat)
        assert server.publish("quickstart_chat", chat).status_code == 200
        assert server.call(chat, "set_name", '["Ada"]').status_code == 200
        other = fresh_name()
        assert server.ask("PUT", f"/v1/database/{chat}/names", json=[other]).status_code == 200
        assert server.ask("DELETE", f"/v1/database/{other}").status_code == 403

    def test_until_it_is_unlocked(self, server: Subject, chat: str):
        set_lock(server, chat)
        set_lock(server, chat, "unlock")
        assert reset(server, chat).status_code == 200
        assert server.ask("DELETE", f"/v1/database/{chat}").status_code == 200

    def test_a_database_that_comes_again_is_not_locked(self, server: Subject, chat: str):
        set_lock(server, chat)
        set_lock(server, chat, "unlock")
        server.ask("DELETE", f"/v1/database/{chat}")
        assert set_lock(server, chat).status_code == 404
        server.publish("quickstart_chat", chat)
        assert server.ask("DELETE", f"/v1/database/{chat}").status_code == 200

    @pytest.mark.parametrize("action", ["lock", "unlock"])
    def test_by_somebody_else(self, server: Subject, chat: str, action: str):
        stranger, token = server.new_token()
        answer = set_lock(server, chat, action, token=token)
        assert answer.status_code == 403
        assert answer.text.startswith(f"{stranger} is not authorized to perform action on database ")
        assert answer.text.endswith(": delete database")
        assert server.ask("DELETE", f"/v1/database/{chat}").status_code == 200

    def test_somebody_else_is_not_told_of_locks(self, server: Subject, chat: str):
        set_lock(server, chat)
        _, token = server.new_token()
        assert "is not authorized" in server.ask("DELETE", f"/v1/database/{chat}", token=token).text
        assert "is not authorized" in reset(server, chat, token=token).text

    @pytest.mark.parametrize("action", ["lock", "unlock"])
    def test_databases_that_are_not_there(self, server: Subject, action: str):
        name = fresh_name("nothing")
        answer = set_lock(server, name, action)
        assert (answer.status_code, answer.text) == (404, f"`{name}` not found")
        answer = set_lock(server, UNUSED, action)
        assert (answer.status_code, answer.text) == (404, "No such database.")

    @pytest.mark.parametrize("action", ["lock", "unlock"])
    def test_other_methods(self, server: Subject, chat: str, action: str):
        answer = server.ask("GET", f"/v1/database/{chat}/{action}")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")

    def test_by_the_client(self, server: Subject, chat: str):
        with server.client() as api:
            api.lock(chat)
            for use in (
                lambda: api.delete(chat),
                lambda: api.reset(server.program("quickstart_chat"), chat),
                lambda: api.publish(server.program("quickstart_chat"), chat, clear=True),
            ):
                with pytest.raises(Forbidden, match="is locked") as caught:
                    use()
                assert f"stdbpy unlock {chat}" in caught.value.hint
            api.unlock(chat)
            api.delete(chat)


class TestReset:
    def test_rows_go(self, server: Subject, chat: str):
        server.call(chat, "send_message", '["hello"]')
        identity = server.ask("GET", f"/v1/database/{chat}/identity").text
        answer = reset(server, chat)
        assert answer.status_code == 200
        assert answer.json() == {"Success": {"domain": chat, "database_identity": identity, "op": "updated"}}
        assert server.rows(chat, "select * from message") == []
        assert reset(server, identity).json()["Success"]["domain"] is None

    def test_by_the_client(self, server: Subject, chat: str):
        server.call(chat, "send_message", '["hello"]')
        with server.client() as api:
            assert api.reset(server.program("quickstart_chat"), chat, num_replicas=1).op == "updated"
        assert server.rows(chat, "select * from message") == []

    def test_by_somebody_else(self, server: Subject, chat: str):
        _, token = server.new_token()
        answer = reset(server, chat, token=token)
        assert answer.status_code == 403
        assert answer.text.endswith(": reset database")

    def test_databases_that_are_not_there(self, server: Subject):
        assert reset(server, fresh_name("nothing")).status_code == 404
        assert reset(server, UNUSED).status_code == 404

    def test_without_a_program(self, server: Subject, chat: str):
        answer = server.ask("PUT", f"/v1/database/{chat}/reset")
        assert answer.status_code == 500

    @pytest.mark.parametrize("query", ["num_replicas=256", "num_replicas=x", "host_type=Python"])
    def test_queries_that_cannot_be_read(self, server: Subject, chat: str, query: str):
        assert reset(server, chat, f"?{query}").status_code == 400
