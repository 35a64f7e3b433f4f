"""Rules for which rows others see, beyond those that the real server was asked about."""

from __future__ import annotations

import pytest

from stdbpy.engine.sql.row_security import rule_problems
from stdbpy.errors import SqlError
from stdbpy.sats.types import IDENTITY, Primitive
from stdbpy.sats.values import Identity
from stdbpy.schema.model import ModuleSchema, Submodule
from tests.engine.sql.little import OTHER, OWNER, LittleDatabase, schema, table

STRANGER = Identity(bytes([3]) * 32)

USERS = table(0, "users", {"identity": IDENTITY, "team": Primitive.U8})
NOTES = table(1, "notes", {"author": IDENTITY, "text": Primitive.STRING})
TEAMS = table(2, "teams", {"team": Primitive.U8, "name": Primitive.STRING}, is_public=False)


def database(*rules: str) -> LittleDatabase:
    database = LittleDatabase(schema(USERS, NOTES, TEAMS, rules=rules))
    database.insert("users", [(OWNER, 1), (OTHER, 1), (STRANGER, 2)])
    database.insert("notes", [(OWNER, "of the owner"), (OTHER, "of the other"), (STRANGER, "of the stranger")])
    database.insert("teams", [(1, "one")])
    return database


def texts(database: LittleDatabase, caller: Identity, query: str = "SELECT text FROM notes") -> list[str]:
    return sorted(row[0] for row in database.run(query, caller).rows)


def test_a_rule_with_a_join_and_rules_inside_it() -> None:
    own = "SELECT * FROM users WHERE identity = :sender"
    by_known_users = "SELECT n.* FROM notes n JOIN users u ON n.author = u.identity"
    both = database(own, by_known_users)
    assert texts(both, OTHER) == ["of the other"]
    assert texts(both, STRANGER) == ["of the stranger"]
    assert len(texts(both, OWNER)) == 3, "rules are for others"
    assert texts(database(by_known_users), OTHER) == ["of the other", "of the owner", "of the stranger"]


def test_several_rules_allow_a_row_once_each() -> None:
    twice = database("SELECT * FROM notes WHERE author = :sender", "SELECT * FROM notes WHERE text = 'of the other'")
    assert texts(twice, OTHER) == ["of the other", "of the other"]
    assert texts(twice, STRANGER) == ["of the other", "of the stranger"]
    assert twice.run("SELECT COUNT(*) AS n FROM notes", OTHER).rows == [(2,)]
    assert twice.run("SELECT * FROM notes LIMIT 1", OTHER).rows == [(OTHER, "of the other")]


def test_both_sides_of_a_join_are_narrowed_down() -> None:
    teammates = "SELECT b.* FROM users a JOIN users b ON a.team = b.team WHERE a.identity = :sender"
    narrowed = database(teammates, "SELECT * FROM notes WHERE author <> :sender")
    joined = "SELECT n.text FROM notes n JOIN users u ON n.author = u.identity"
    assert texts(narrowed, OTHER, joined) == ["of the owner"]
    assert texts(narrowed, STRANGER, joined) == []


def test_answers_are_not_mixed_up_between_callers() -> None:
    own = database("SELECT * FROM notes WHERE author = :sender")
    for caller, text in ((OTHER, "of the other"), (STRANGER, "of the stranger"), (OTHER, "of the other")):
        assert texts(own, caller) == [text]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (["SELECT n.* FROM notes n JOIN users u ON n.author = u.identity",
          "SELECT u.* FROM users u JOIN notes n ON n.author = u.identity"], "in a circle"),
        (["SELECT u.* FROM users u JOIN teams t ON t.team = u.team"], "no such table: `teams`"),
        (["SELECT identity FROM users"], "must return whole rows"),
        (["SELECT * FROM users LIMIT 1"], "has no LIMIT"),
        (["DELETE FROM users"], "must be a SELECT"),
        (["SELECT * FROM nobody"], "no such table"),
    ],
)  # fmt: skip
def test_a_broken_rule_shows_nothing(rules: list[str], message: str) -> None:
    broken = database(*rules)
    with pytest.raises(SqlError, match=message):
        broken.run("SELECT * FROM users", OTHER)
    assert len(broken.run("SELECT * FROM users", OWNER).rows) == 3


def problems(*rules: str) -> list[tuple[str, str, str]]:
    found = rule_problems(schema(USERS, NOTES, TEAMS, rules=rules))
    return [(problem.level, problem.where, problem.message) for problem in found]


def test_rules_that_are_in_order() -> None:
    assert problems("SELECT * FROM users WHERE identity = :sender", "SELECT * FROM notes") == []


def test_what_is_wrong_with_rules_is_found_all_at_once() -> None:
    bad = ("SELECT * FROM nobody", "SELECT * FROM teams", "DELETE FROM users", "SELECT * FROM users WHERE x = 1")
    found = problems("SELECT * FROM users", *bad)
    assert [(level, where) for level, where, _ in found] == [("error", f"rule {rule}") for rule in bad]
    assert found[0][2] == "no such table: `nobody` (line 1, column 15)"
    assert "is private" in found[1][2]


def test_rules_that_show_nobody_anything_are_warned_of() -> None:
    by_team = "SELECT u.* FROM users u JOIN teams t ON t.team = u.team"
    [(level, where, message)] = problems(by_team, "SELECT * FROM notes")
    assert (level, where) == ("warning", f"rule {by_team}")
    assert message.startswith("only the owner can read `users`: no such table: `teams` that you may see")
    circle = (
        "SELECT n.* FROM notes n JOIN users u ON n.author = u.identity",
        "SELECT u.* FROM users u JOIN notes n ON n.author = u.identity",
    )
    assert [(level, where) for level, where, _ in problems(*circle)] == [("warning", f"rule {rule}") for rule in circle]


def test_rules_of_a_mounted_module() -> None:
    mounted = schema(USERS, NOTES, rules=["SELECT * FROM users", "SELECT * FROM teams"])
    outer = ModuleSchema(
        submodules=(Submodule("auth", "auth", ModuleSchema(submodules=(Submodule("a", "a", mounted),))),)
    )
    [problem] = rule_problems(outer)
    assert problem.where == "module auth.module a.rule SELECT * FROM teams"
