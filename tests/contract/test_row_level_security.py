"""Which rows others see: rules that a Python module declares, on the embedded server and the real ones.

The embedded server runs the module itself, the real ones a WebAssembly module with its definition.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import httpx
import pytest

from stdbpy.engine.sql.row_security import rule_problems
from stdbpy.module.load import load
from stdbpy.module.package import ModuleSource, pack
from stdbpy.schema import write_module_def
from stdbpy.wasm.definition_module import definition_module
from stdbpy.wasm.description import read_wasm
from tests import real_servers
from tests.contract.subject import Subject, fresh_name
from tests.real_servers import RealServer

TABLES = """
from stdbpy import Identity, client_visibility_filter, column, table, u8, u64

@table(public=True)
class Users:
    identity: Identity = column(primary_key=True)
    team: u8
    ok: bool

@table(public=True)
class Notes:
    id: u64 = column(primary_key=True)
    author: Identity = column(index="btree")
    text: str

@table(public=True)
class Tagged:
    tags: list[str]

@table
class Teams:
    team: u8 = column(unique=True)
    name: str
"""

LINE_OF_FIRST_RULE = TABLES.count("\n") + 2

ANN, BOB, EVE = "a", "b", "e"
"""Who asks: Ann and Bob are in team 1, Eve is in team 2. Ann and Eve are ok."""


def source(rules: Sequence[str]) -> ModuleSource:
    filters = "".join(f"client_visibility_filter({json.dumps(rule)})\n" for rule in rules)
    return ModuleSource({"rules.py": f"{TABLES}\n{filters}".encode()}, "rules")


def program_of(server: Subject, rules: Sequence[str]) -> bytes:
    module = source(rules)
    return pack(module) if server.is_embedded else definition_module(write_module_def(load(module).schema, version=9))


def publish(server: Subject, rules: Sequence[str], name: str):
    return server.ask("PUT", f"/v1/database/{name}", content=program_of(server, rules))


def test_the_log_of_a_new_database_has_its_rules(server: Subject):
    rules = ["SELECT * FROM users WHERE users.ok = true", "SELECT * FROM notes WHERE notes.author = :sender"]
    name = fresh_name("rules")
    assert publish(server, rules, name).status_code == 200
    lines = server.ask("GET", f"/v1/database/{name}/logs").text
    assert [rule for rule in rules if f"`{rule}`" in lines] == rules


@pytest.fixture(scope="module")
def people(server: Subject) -> dict[str, tuple[str, str]]:
    """Identity and token of each."""
    return {name: server.new_token() for name in (ANN, BOB, EVE)}


def database(server: Subject, rules: Sequence[str], people: dict[str, tuple[str, str]]) -> str:
    name = fresh_name("rules")
    answer = publish(server, rules, name)
    assert answer.status_code == 200, answer.text
    ann, bob, eve = (f"0x{people[name][0]}" for name in (ANN, BOB, EVE))
    for row in (f"{ann}, 1, true", f"{bob}, 1, false", f"{eve}, 2, true"):
        assert server.sql(name, f"INSERT INTO users (identity, team, ok) VALUES ({row})").status_code == 200
    return name


def seen(server: Subject, name: str, people: dict[str, tuple[str, str]], asks: str, query: str) -> str:
    """Initials of the users that the query gives, in alphabetical order."""
    answer = server.sql(name, query, token=people[asks][1])
    assert answer.status_code == 200, answer.text
    initials = {f"0x{identity}": initial for initial, (identity, _) in people.items()}
    return "".join(sorted(initials[identity] for [[identity], *_] in answer.json()[0]["rows"]))


@pytest.mark.parametrize(
    ("rules", "ann", "eve"),
    [
        ([], "abe", "abe"),
        (["SELECT * FROM users"], "abe", "abe"),
        (["SELECT * FROM users WHERE identity = :sender"], "a", "e"),
        (["select * from users where :sender = identity;"], "a", "e"),
        (['SELECT * FROM "users" WHERE "identity" = :sender -- oneself'], "a", "e"),
        (["SELECT u.* FROM users u WHERE u.identity = :sender"], "a", "e"),
        (["SELECT * FROM users u WHERE identity = :sender LIMIT ALL"], "a", "e"),
        (["SELECT * FROM users WHERE ok"], "ae", "ae"),
        (["SELECT * FROM users WHERE true"], "abe", "abe"),
        (["SELECT * FROM users WHERE ok = true AND (team = 1 OR team = 3)"], "a", "a"),
        (["SELECT * FROM users WHERE team > 1", "SELECT * FROM users WHERE identity = :sender"], "ae", "ee"),
        (["SELECT * FROM users WHERE ok", "SELECT * FROM users WHERE ok"], "ae", "ae"),
        (["SELECT b.* FROM users a JOIN users b ON a.team = b.team WHERE a.identity = :sender"], "ab", "e"),
        (["SELECT b.* FROM users a JOIN users b WHERE a.team = b.team AND a.identity = :sender"], "ab", "e"),
    ],
)
def test_what_others_see(server: Subject, people: dict[str, tuple[str, str]], rules: list[str], ann: str, eve: str):
    name = database(server, rules, people)
    assert seen(server, name, people, ANN, "SELECT * FROM users") == ann
    assert seen(server, name, people, EVE, "SELECT * FROM users") == eve
    assert len(server.rows(name, "SELECT * FROM users")) == 3, "the owner sees all"


def test_a_rule_holds_wherever_its_table_is_read(server: Subject, people: dict[str, tuple[str, str]]):
    name = database(server, ["SELECT * FROM users WHERE identity = :sender"], people)
    for query in ("SELECT identity FROM users", "SELECT u.* FROM users u", "SELECT * FROM users WHERE team < 3"):
        assert seen(server, name, people, ANN, query) == "a"
    answer = server.sql(name, "SELECT COUNT(*) AS n FROM users", token=people[ANN][1])
    assert answer.json()[0]["rows"] == [[1]]


def test_a_rule_that_reads_a_table_with_a_rule(server: Subject, people: dict[str, tuple[str, str]]):
    rules = [
        "SELECT * FROM notes WHERE author = :sender",
        "SELECT u.* FROM users u JOIN notes n ON n.author = u.identity",
    ]
    name = database(server, rules, people)
    for number, (identity, _) in enumerate([people[ANN], people[BOB]]):
        row = f"{number}, 0x{identity}, 'x'"
        assert server.sql(name, f"INSERT INTO notes (id, author, text) VALUES ({row})").status_code == 200
    assert seen(server, name, people, ANN, "SELECT * FROM users") == "a"
    assert seen(server, name, people, EVE, "SELECT * FROM users") == ""


@pytest.mark.difference("rules for rows that cannot be published")
@pytest.mark.parametrize(
    "rule",
    [
        "",
        "   ",
        "SELECT",
        "SELECT * FORM users",
        "SELECT * FROM nobody",
        "SELECT * FROM Users",
        "SELECT * FROM teams",
        "SELECT t.* FROM teams t JOIN users u ON u.team = t.team",
        "SELECT x.* FROM users u",
        "SELECT * FROM users WHERE nick = 'a'",
        "SELECT * FROM users WHERE team = 'a'",
        "SELECT * FROM users WHERE team = 300",
        "SELECT * FROM users WHERE team = NULL",
        "SELECT * FROM users WHERE team IN (1, 2)",
        "SELECT * FROM users WHERE NOT ok",
        "SELECT * FROM users WHERE 1 = 1",
        "SELECT * FROM users WHERE team = 1 = 1",
        "SELECT * FROM users WHERE identity = :owner",
        "SELECT * FROM users WHERE identity = 0x00",
        "SELECT * FROM tagged WHERE tags = 1",
        "SELECT * FROM users LIMIT 1",
        "SELECT * FROM users OFFSET 1",
        "SELECT * FROM users ORDER BY team",
        "SELECT * FROM users GROUP BY team",
        "SELECT DISTINCT * FROM users",
        "SELECT identity FROM users",
        "SELECT *, team FROM users",
        "SELECT COUNT(*) AS n FROM users",
        "SELECT * FROM users JOIN notes ON notes.author = users.identity",
        "SELECT users.*, notes.* FROM users JOIN notes ON notes.author = users.identity",
        "SELECT a.* FROM users a, users b",
        "SELECT a.* FROM users a LEFT JOIN users b ON a.team = b.team",
        "SELECT a.* FROM users a JOIN users b ON a.team < b.team",
        "SELECT a.* FROM users a JOIN users b ON a.team = b.identity",
        "SELECT a.* FROM users a JOIN notes a ON a.author = a.identity",
        "SELECT n.* FROM notes n JOIN users u ON n.author = u.identity WHERE text = 'a'",
        "SELECT * FROM (SELECT * FROM users)",
        "(SELECT * FROM users)",
        "SELECT * FROM users UNION SELECT * FROM users",
        "SELECT * FROM users; SELECT * FROM notes",
        "DELETE FROM users",
        "INSERT INTO users (team) VALUES (1)",
        "SHOW row_limit",
    ],
)
def test_rules_that_cannot_be_published(server: Subject, rule: str):
    answer = publish(server, [rule], fresh_name("rules"))
    # The real server says that it is its own failure.
    assert answer.status_code == (400 if server.is_embedded else 500)
    if server.is_embedded:
        assert f"rules.py:{LINE_OF_FIRST_RULE}: error: " in answer.text


@pytest.mark.parametrize(
    "rules",
    [
        ["SELECT n.* FROM notes n JOIN teams t ON t.name = n.text"],
        [
            "SELECT n.* FROM notes n JOIN users u ON n.author = u.identity",
            "SELECT u.* FROM users u JOIN notes n ON n.author = u.identity",
        ],
    ],
    ids=["a private table", "a circle"],
)
def test_rules_that_only_fail_whom_they_are_for(server: Subject, people: dict[str, tuple[str, str]], rules: list[str]):
    name = database(server, rules, people)
    assert server.sql(name, "SELECT * FROM notes", token=people[ANN][1]).status_code == 400
    assert server.rows(name, "SELECT * FROM notes") == []


def test_an_update_changes_the_rules(server: Subject, people: dict[str, tuple[str, str]]):
    name = database(server, ["SELECT * FROM users WHERE ok"], people)
    with server.client() as api:
        for rules, sees in ((["SELECT * FROM users WHERE team = 1"], "ab"), ([], "abe")):
            api.publish(program_of(server, rules), name, break_clients=True)
            assert seen(server, name, people, EVE, "SELECT * FROM users") == sees


def test_a_bad_rule_is_no_update_either(server: Subject, people: dict[str, tuple[str, str]]):
    name = database(server, [], people)
    assert publish(server, ["SELECT * FROM teams"], name).status_code in {400, 500}
    assert seen(server, name, people, ANN, "SELECT * FROM users") == "abe"


def test_rules_of_the_module_with_every_type(server: Subject, sdk: str, people: dict[str, tuple[str, str]]):
    """Its compiled twin declares them in Rust."""
    for name, (identity, _) in people.items():
        assert server.call(sdk, "insert_user", json.dumps([name, [f"0x{identity}"]])).status_code == 200
    server.sql(sdk, "DELETE FROM one_u8")
    assert server.call(sdk, "insert_one_u8", "[7]").status_code == 200
    for name, (_, token) in people.items():
        answer = server.sql(sdk, "SELECT name FROM users", token=token)
        assert answer.json()[0]["rows"] == [[name]]
        assert server.sql(sdk, "SELECT * FROM one_u8", token=token).json()[0]["rows"] == [[7]]
    assert server.sql(sdk, "SELECT name FROM users", token=None).json()[0]["rows"] == []
    assert len(server.rows(sdk, "SELECT * FROM users")) == 3


@pytest.mark.real
@pytest.mark.parametrize("module", ["rls", "rls_with_filter", "rls_broken_private_table", "rls_no_filter"])
def test_verdicts_about_compiled_modules(real_server: RealServer, module: str):
    program = real_servers.program(f"smoketests/{module}.wasm").read_bytes()
    answer = httpx.post(f"{real_server.url}/v1/database", content=program, trust_env=False, verify=False, timeout=60)
    problems = list(rule_problems(read_wasm(program)))
    assert bool(problems) == (answer.status_code != 200) == (module == "rls_broken_private_table")
