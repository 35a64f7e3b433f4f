"""What requests the API's operations make, and what they read out of answers; no network."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from stdbpy.api import calls, databases, deletion, publishing, servers, sql
from stdbpy.api.exchange import Request, Response
from stdbpy.api.results import CallResult
from stdbpy.errors import (
    ApiError,
    EncodeError,
    Forbidden,
    InvalidName,
    NewerThanUnderstood,
    NotFound,
    ReducerFailed,
    TokenRejected,
    UnexpectedAnswer,
)
from stdbpy.sats.types import Primitive
from stdbpy.sats.values import Identity, Timestamp
from stdbpy.schema.definition import schema_to_json
from tests.api.scripted import IDENTITY, below_database, carry, json_answer, text_answer
from tests.engine.schemas import STRING, U64, schema_of

SCHEMA = {
    "sections": [
        {
            "Typespace": {
                "types": [{"Product": {"elements": [{"name": {"some": "id"}, "algebraic_type": {"U64": []}}]}}]
            }
        },
        {
            "Reducers": [
                {
                    "source_name": "set_name",
                    "params": {"elements": [{"name": {"some": "name"}, "algebraic_type": {"String": []}}]},
                    "visibility": {"ClientCallable": []},
                    "ok_return_type": {"Product": {"elements": []}},
                    "err_return_type": {"String": []},
                }
            ]
        },
    ]
}


def unknown_database(name: str) -> Response:
    return below_database(text_answer(f"`{name}` not found", 404))


class TestRequests:
    def test_names_are_encoded_into_the_path(self):
        _, [request] = carry(calls.call("ü", "x?y#z/ %", []), text_answer(""))
        assert request.path == "/v1/database/%C3%BC/call/x%3Fy%23z%2F%20%25"

    @pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "a?b", "a%2Fb", "a\\b", "a\nb"])
    def test_names_that_no_database_has_are_not_sent(self, name: str):
        with pytest.raises(InvalidName) as caught:
            carry(databases.info(name))
        assert "lower-case" in caught.value.hint

    def test_no_database_gets_a_name_that_is_too_long(self):
        done = json_answer({"Success": {"domain": None, "database_identity": IDENTITY, "op": "updated"}})
        for acceptable in ("x" * 63, IDENTITY, f"0x{IDENTITY}"):
            carry(publishing.publish(b"x", acceptable), done)
        for name in (long := "x" * 64, f"{IDENTITY}0"):
            for exchange in (
                publishing.publish(b"x", name),
                databases.add_name("chat", name),
                databases.set_names("chat", [name]),
            ):
                with pytest.raises(InvalidName) as caught:
                    carry(exchange)
                assert "63" in caught.value.hint
        carry(deletion.delete(long), text_answer(""))

    def test_publish_by_name_or_without(self):
        answer = json_answer({"Success": {"domain": "chat", "database_identity": IDENTITY, "op": "created"}})
        _, [named] = carry(publishing.publish(b"\0asm", "chat", clear=True), answer)
        _, [unnamed] = carry(publishing.publish(b"\0asm"), answer)
        assert (named.method, named.path, dict(named.query)) == ("PUT", "/v1/database/chat", {"clear": "true"})
        assert (unnamed.method, unnamed.path, dict(unnamed.query)) == ("POST", "/v1/database", {})
        assert named.body == b"\0asm"

    @pytest.mark.parametrize(
        ("arguments", "body"),
        [
            ([1, "ü", None], '[1,"ü",null]'),
            ({"name": "Ada"}, '{"name":"Ada"}'),
            (b'["as it is" ]', '["as it is" ]'),
            ([2**128 - 1, -(2**127)], f"[{2**128 - 1},{-(2**127)}]"),
            ([0.1, 1e308], "[0.1,1e+308]"),
        ],
    )
    def test_arguments(self, arguments: object, body: str):
        _, [request] = carry(calls.call("chat", "f", arguments), text_answer(""))
        assert request.body == body.encode()
        assert request.content_type == "application/json"

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
    def test_arguments_that_json_cannot_hold(self, value: object):
        with pytest.raises(EncodeError, match="cannot be sent as JSON"):
            carry(calls.call("chat", "f", [value]))

    def test_confirmed_reads_are_asked_for_only_when_chosen(self):
        queries = [
            dict(carry(sql.sql("chat", "select 1", confirmed=chosen), json_answer([]))[1][0].query)
            for chosen in (None, True, False)
        ]
        assert queries == [{}, {"confirmed": "true"}, {"confirmed": "false"}]


class TestAnswers:
    def test_health(self):
        answer = {"version": "1.2.0", "package_name": "p", "nodes": [0], "schedulable": True, "newer": 1}
        assert carry(servers.health(), json_answer(answer))[0].version == "1.2.0"

    def test_a_new_identity_does_not_show_its_token(self):
        created, _ = carry(servers.create_identity(), json_answer({"identity": IDENTITY, "token": "secret"}))
        assert created.token == "secret"
        assert "secret" not in repr(created)

    def test_verify(self):
        identity = Identity.from_hex(IDENTITY)
        assert carry(servers.verify(identity), Response(204, {}, b""))[0] is True
        assert carry(servers.verify(identity), Response(400, {}, b""))[0] is False
        with pytest.raises(TokenRejected):
            carry(servers.verify(identity), text_answer("Invalid token: InvalidSignature", 401))

    def test_info(self):
        value = {"__identity__": "0x" + IDENTITY}
        answer = {
            "database_identity": value,
            "owner_identity": value,
            "host_type": {"Wasm": []},
            "initial_program": "0xab",
        }
        info, _ = carry(databases.info("chat"), below_database(json_answer(answer)))
        assert (info.database_identity.hex(), info.host_type, info.initial_program) == (IDENTITY, "Wasm", "ab")

    def test_timestamp(self):
        answer = json_answer({"__timestamp_micros_since_unix_epoch__": 5})
        assert carry(databases.timestamp("chat"), answer)[0] == Timestamp(5)

    def test_a_call_tells_energy_and_duration(self):
        answer = text_answer("", spacetime_energy_used="7", spacetime_execution_duration_micros="12")
        assert carry(calls.call("chat", "f"), answer)[0] == CallResult(12, 7)

    def test_a_procedure_gives_its_value(self):
        assert carry(calls.call("chat", "f"), json_answer([2**100]))[0].value == [2**100]

    def test_sql_keeps_numbers_exact(self):
        columns = {
            "elements": [
                {"name": {"some": "n"}, "algebraic_type": {"U128": []}},
                {"name": {"none": []}, "algebraic_type": {"F64": []}},
            ]
        }
        statement = {
            "schema": columns,
            "rows": [[2**128 - 1, 5e-324], [2**63, 1e308]],
            "total_duration_micros": 3,
            "stats": {"rows_inserted": 1, "rows_deleted": 2, "rows_updated": 3},
        }
        [result], _ = carry(sql.sql("chat", "…"), json_answer([statement]))
        assert result.rows == [[2**128 - 1, 5e-324], [2**63, 1e308]]
        assert result.columns.elements[0].type is Primitive.U128
        assert result.names == ["n", "column_1"]
        assert (result.rows_inserted, result.rows_deleted, result.rows_updated, result.duration_micros) == (1, 2, 3, 3)

    def test_sql_of_servers_that_tell_no_statistics(self):
        [result], _ = carry(sql.sql("chat", "…"), json_answer([{"schema": {"elements": []}, "rows": []}]))
        assert result.rows_inserted == 0

    def test_the_newest_schema_is_asked_for_first(self):
        schema, requests = carry(databases.schema("chat"), below_database(json_answer(SCHEMA)))
        assert [reducer.name for reducer in schema.reducers] == ["set_name"]
        assert [request.query["version"] for request in requests] == ["10"]

    def test_old_servers_are_asked_for_version_9(self):
        refused = below_database(text_answer("Failed to deserialize query string: unknown variant `10`", 400))
        definition, requests = carry(databases.schema_json("chat"), refused, json_answer({"typespace": {}}))
        assert definition == {"typespace": {}}
        assert [request.query["version"] for request in requests] == ["10", "9"]

    def test_a_chosen_version_is_the_only_one_asked_for(self):
        refused = below_database(text_answer("unknown variant `10`", 400))
        with pytest.raises(ApiError, match="unknown variant"):
            carry(databases.schema_json("chat", 10), refused)

    @pytest.mark.parametrize("answer", ["Success", {"Success": {"domain": "x", "database_identity": IDENTITY}}])
    def test_names_were_set(self, answer: object):
        carry(databases.set_names("chat", ["x"]), json_answer(answer))

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            ({"NotYourDatabase": {"database": IDENTITY}}, "database 'chat' belongs to another identity"),
            ({"PermissionDenied": {"domain": "x"}}, "name 'x' belongs to another identity"),
            ({"PermissionDeniedOnAny": {"domains": ["x", "y"]}}, "names x, y belong to another identity"),
        ],
    )
    def test_names_of_others(self, answer: object, words: str):
        with pytest.raises(Forbidden, match=words):
            carry(databases.set_names("chat", ["x"]), below_database(json_answer(answer, 401)))

    def test_names_in_use(self):
        answer = below_database(json_answer({"OtherError": "Cannot rename"}, 400))
        with pytest.raises(ApiError, match="Cannot rename"):
            carry(databases.set_names("chat", ["x"]), answer)

    def test_an_unknown_answer_about_names(self):
        with pytest.raises(UnexpectedAnswer, match="not what SpacetimeDB gives"):
            carry(databases.set_names("chat", ["x"]), json_answer({"Perhaps": {}}))


class TestRefusals:
    def test_a_reducers_own_error_is_passed_on_word_for_word(self):
        with pytest.raises(ReducerFailed) as caught:
            carry(calls.call("chat", "f"), below_database(text_answer("Names must\nnot be empty", 530)))
        assert caught.value.message == "Names must\nnot be empty"
        assert caught.value.status == 530

    def test_unknown_reducer_names_the_nearest(self):
        unknown = below_database(text_answer("No such procedure", 404))
        with pytest.raises(NotFound) as caught:
            carry(calls.call("chat", "set_nam"), unknown, below_database(json_answer(SCHEMA)))
        assert "set_nam" in caught.value.message
        assert caught.value.hint == "Did you mean 'set_name'?"

    def test_a_private_reducer_is_not_suggested_to_who_typed_it(self):
        refused = below_database(text_answer("No such procedure", 404))
        with pytest.raises(Forbidden, match="'set_name' of the database 'chat' is private") as caught:
            carry(calls.call("chat", "set_name"), refused, below_database(json_answer(SCHEMA)))
        assert "owner" in caught.value.hint

    def test_unknown_reducer_without_a_near_one_lists_what_there_is(self):
        unknown = below_database(text_answer("no such reducer", 404))
        with pytest.raises(NotFound) as caught:
            carry(calls.call("chat", "zzz"), unknown, below_database(json_answer(SCHEMA)))
        assert caught.value.hint == "It has set_name."

    def test_a_suggestion_that_cannot_be_had_is_left_out(self):
        unknown, broken = below_database(text_answer("No such procedure", 404)), text_answer("oops", 500)
        with pytest.raises(NotFound) as caught:
            carry(calls.call("chat", "f"), unknown, broken, broken)
        assert caught.value.hint == ""

    def test_wrong_arguments_show_the_signature(self):
        wrong = below_database(text_answer("invalid arguments for reducer set_name: …", 400))
        with pytest.raises(ApiError) as caught:
            carry(calls.call("chat", "set_name", [1]), wrong, below_database(json_answer(SCHEMA)))
        assert caught.value.hint == 'It is set_name(name: str), as in ["name"]'

    def test_unknown_database_names_the_nearest_of_the_callers(self):
        answers = (
            unknown_database("caht"),
            json_answer({"identities": [IDENTITY]}),
            below_database(json_answer({"names": ["chat", "other"]})),
        )
        with pytest.raises(NotFound) as caught:
            carry(databases.info("caht"), *answers)
        assert caught.value.hint == "Did you mean 'chat'?"

    def test_unknown_database_of_an_old_server(self):
        with pytest.raises(NotFound, match="no database 'nodb'"):
            carry(databases.info("nodb"), below_database(Response(404, {}, b"")), json_answer({"identities": []}))

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("usr", "Did you mean 'user'?"),
            ("zebra", "It has user."),
            ("draft", "'draft' is private: use the token of the database's owner."),
        ],
    )
    def test_unknown_table_names_the_nearest(self, name: str, hint: str):
        schema = schema_of(("user", {"id": U64}, ()), ("draft", {"id": U64}, ()))
        user, draft = schema.tables
        schema = replace(schema, tables=(user, replace(draft, is_public=False)))
        refused = below_database(text_answer(f"no such table: `{name}`. It may be private.", 400))
        with pytest.raises(ApiError) as caught:
            carry(
                sql.sql("chat", f"select * from {name}"), refused, below_database(json_answer(schema_to_json(schema)))
            )
        assert caught.value.hint == hint

    @pytest.mark.parametrize("complaint", ["`nam` is not in scope", "`person` does not have a field `nam`"])
    def test_unknown_column_names_the_nearest(self, complaint: str):
        schema = schema_of(("person", {"id": U64, "name": STRING}, ()), ("other", {"nam_e": U64}, ()))
        asked = json_answer(schema_to_json(schema))
        with pytest.raises(ApiError) as caught:
            carry(sql.sql("chat", "update person set nam = 1"), below_database(text_answer(complaint, 400)), asked)
        assert caught.value.hint == "Did you mean 'name'?"

    @pytest.mark.parametrize(("name", "literal"), [("Ada", "'Ada'"), ("O'Neil", "'O''Neil'"), ("dogs'", "'dogs'''")])
    def test_text_between_double_quotes_is_no_column(self, name: str, literal: str):
        asked = json_answer(schema_to_json(schema_of(("person", {"id": U64, "name": STRING}, ()))))
        refused = below_database(text_answer(f"`{name}` is not in scope", 400))
        with pytest.raises(ApiError) as caught:
            carry(sql.sql("chat", f'select * from person where name = "{name}"'), refused, asked)
        assert caught.value.hint == f"Text stands between single quotes: {literal}."

    def test_a_refused_statement_shows_the_place(self):
        refused = below_database(text_answer("Unsupported: SELECT * FROM user ORDER BY name", 400))
        with pytest.raises(ApiError) as caught:
            carry(sql.sql("chat", "select * from user order by name"), refused)
        assert caught.value.notes == ["select * from user order by name\n                   ^^^^^"]
        assert "Sort the rows" in caught.value.hint

    def test_a_missing_route_is_no_missing_database(self):
        with pytest.raises(UnexpectedAnswer, match="no such route"):
            carry(databases.timestamp("chat"), Response(404, {}, b""))

    @pytest.mark.parametrize(
        ("status", "text"),
        [
            (403, f"{IDENTITY} is not authorized to perform action on database {IDENTITY}: delete database"),
            (500, f"Permission denied: `{IDENTITY}` does not own database `c200b83ad54bb697`"),
        ],
    )
    def test_somebody_elses_database(self, status: int, text: str):
        with pytest.raises(Forbidden) as caught:
            carry(deletion.delete("chat"), below_database(text_answer(text, status)))
        assert f"You are {IDENTITY}." in caught.value.hint

    @pytest.mark.parametrize("text", ["Invalid token: InvalidSignature", "Authorization required"])
    def test_401(self, text: str):
        with pytest.raises(TokenRejected) as caught:
            carry(servers.ping(), text_answer(text, 401))
        assert caught.value.hint

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_redirects_are_not_followed(self, status: int):
        with pytest.raises(UnexpectedAnswer, match="on to https://elsewhere"):
            carry(servers.ping(), Response(status, {"location": "https://elsewhere.example/"}, b""))

    @pytest.mark.parametrize(
        "body",
        [
            b"<!DOCTYPE html><title>hello</title>",
            b"",
            b'{"version": "2.8',
            b'{"version": 2}',
            b"[]",
            b'{"version": "\xff"}',
            b"[" * 100_000,
        ],
    )
    def test_bodies_that_are_not_what_spacetimedb_gives(self, body: bytes):
        with pytest.raises(UnexpectedAnswer) as caught:
            carry(servers.health(), Response(200, {"content-type": "text/html"}, body))
        assert "SpacetimeDB" in caught.value.hint

    @pytest.mark.parametrize("status", [400, 402, 409, 413, 418, 429, 500, 502, 503])
    def test_any_other_status_says_what_the_server_said(self, status: int):
        with pytest.raises(ApiError, match="because of this") as caught:
            carry(databases.info("chat"), below_database(text_answer("because\n  of this", status)))
        assert caught.value.status == status

    def test_the_embedded_servers_hints_are_passed_on(self):
        with pytest.raises(ApiError) as caught:
            carry(databases.info("chat"), below_database(text_answer("it is so\nhint: Do this.", 400)))
        assert (caught.value.message, caught.value.hint) == ("the server refused: it is so", "Do this.")

    def test_long_bodies_are_cut_in_messages(self):
        with pytest.raises(ApiError) as caught:
            carry(servers.health(), text_answer("x" * 100_000, 500))
        assert len(caught.value.message) < 400


def test_nothing_shows_headers_or_bodies_of_answers():
    shown = repr(Response(200, {"spacetime-identity-token": "secret"}, b"secret"))
    assert "secret" not in shown


def test_a_request_has_no_place_for_a_token():
    assert "token" not in json.dumps(list(Request.__slots__))


def test_columns_of_a_kind_that_came_later():
    columns = {"elements": [{"name": {"some": "a"}, "algebraic_type": {"Nonsense": []}}]}
    with pytest.raises(NewerThanUnderstood, match="Nonsense"):
        carry(sql.sql("chat", "…"), json_answer([{"schema": columns, "rows": []}]))
