"""The names of a database."""

from __future__ import annotations

import pytest

from tests.contract.subject import JSON, Subject, fresh_name


def names(server: Subject, database: str) -> list[str]:
    answer = server.ask("GET", f"/v1/database/{database}/names")
    assert answer.status_code == 200
    assert set(answer.json()) == {"names"}
    return answer.json()["names"]


def put(server: Subject, database: str, wanted: object, **request: object):
    return server.ask("PUT", f"/v1/database/{database}/names", json=wanted, **request)


def test_a_published_database_has_its_name(server: Subject, shared_chat: str):
    assert names(server, shared_chat) == [shared_chat]


class TestAdd:
    def test_another_name(self, server: Subject, chat: str):
        second = fresh_name()
        answer = server.ask("POST", f"/v1/database/{chat}/names", content=second)
        identity = server.ask("GET", f"/v1/database/{chat}/identity").text
        assert answer.status_code == 200
        assert answer.json() == {"Success": {"domain": second, "database_identity": identity}}
        assert names(server, second) == [chat, second]

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("", "database names cannot be empty"),
            ("Bad", "invalid characters in database name"),
            ("a/b", "invalid characters in database name"),
            ("a--b", "invalid hyphen in database name"),
            ("c200" + "0" * 60, "database names cannot be identities"),
        ],
    )
    def test_names_that_break_the_rules(self, server: Subject, shared_chat: str, name: str, reason: str):
        answer = server.ask("POST", f"/v1/database/{shared_chat}/names", content=name)
        assert answer.status_code == 400
        assert answer.text == reason or server.is_embedded

    @pytest.mark.difference("a name that is taken, for a second name of a database")
    def test_a_name_that_is_taken(self, server: Subject, chat: str, shared_chat: str):
        answer = server.ask("POST", f"/v1/database/{chat}/names", content=shared_chat)
        # The real server calls it its own failure.
        assert answer.status_code == (400 if server.is_embedded else 500)
        assert shared_chat in answer.text

    @pytest.mark.difference("another name for somebody else's database")
    def test_by_somebody_else(self, server: Subject, chat: str):
        _, token = server.new_token()
        second = fresh_name()
        answer = server.ask("POST", f"/v1/database/{chat}/names", content=second, token=token)
        if server.is_embedded:
            assert answer.status_code == 401
            assert answer.json() == {"PermissionDenied": {"domain": second}}
            assert names(server, chat) == [chat]
        else:
            # The real servers let anybody name anybody's database. When that ends, this will tell.
            assert answer.status_code == 200

    def test_bytes_that_are_no_text(self, server: Subject, shared_chat: str):
        answer = server.ask("POST", f"/v1/database/{shared_chat}/names", content=b"\xff")
        assert answer.status_code == 400
        assert answer.text.startswith("Request body didn't contain valid UTF-8")


class TestReplace:
    def test_new_names(self, server: Subject, chat: str):
        first, second = fresh_name(), fresh_name()
        answer = put(server, chat, [first, second])
        assert (answer.status_code, answer.json()) == (200, "Success")
        assert names(server, first) == [first, second]
        assert server.ask("GET", f"/v1/database/{chat}/names").status_code == 404

    def test_a_name_is_free_again(self, server: Subject, chat: str):
        other = fresh_name()
        put(server, chat, [other])
        assert put(server, other, [chat]).json() == "Success"
        assert names(server, chat) == [chat]

    def test_no_names(self, server: Subject, chat: str):
        identity = server.ask("GET", f"/v1/database/{chat}/identity").text
        assert put(server, chat, []).json() == "Success"
        assert names(server, identity) == []
        assert put(server, identity, [chat]).json() == "Success"

    def test_the_same_name_twice(self, server: Subject, chat: str):
        other = fresh_name()
        assert put(server, chat, [other, other]).json() == "Success"
        assert set(names(server, other)) == {other}

    def test_names_in_use(self, server: Subject, chat: str, shared_chat: str):
        for taken in (shared_chat, chat):
            answer = put(server, chat, [taken])
            assert answer.status_code == 400
            assert list(answer.json()) == ["OtherError"]
            assert taken in answer.json()["OtherError"]

    def test_by_somebody_else(self, server: Subject, chat: str):
        _, token = server.new_token()
        identity = server.ask("GET", f"/v1/database/{chat}/identity").text
        answer = put(server, chat, [fresh_name()], token=token)
        assert (answer.status_code, answer.json()) == (401, {"NotYourDatabase": {"database": identity}})

    def test_names_that_break_the_rules(self, server: Subject, chat: str):
        answer = put(server, chat, [fresh_name(), "x_y"])
        assert answer.status_code == 400
        assert answer.text.startswith("Error parsing `x_y`: ")
        assert names(server, chat) == [chat]

    @pytest.mark.parametrize(
        ("body", "headers", "status"),
        [("[]", {}, 415), ("[", JSON, 400), ("{}", JSON, 422), ("[1]", JSON, 422), ("", JSON, 400)],
    )
    def test_bodies_that_are_no_list_of_names(
        self, server: Subject, shared_chat: str, body: str, headers: dict[str, str], status: int
    ):
        answer = server.ask("PUT", f"/v1/database/{shared_chat}/names", content=body, headers=headers)
        assert answer.status_code == status
        assert names(server, shared_chat) == [shared_chat]
