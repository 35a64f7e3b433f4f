# a list of statements is read best with many in a line
"""The statements that the real server and ours are both asked, in this order, per database.

What the real server answered is in ``data``, see ``recording.py``.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.engine.sql import change_statements, condition_statements, query_statements
from tests.engine.sql.steps import ONE, Step, Stored


def sdk_test() -> Iterator[Step]:
    yield from change_statements.rows()
    yield from query_statements.queries()
    yield from condition_statements.conditions()
    yield from change_statements.changes()


def quickstart_chat() -> Iterator[Step]:
    """A table called ``user``, which is a keyword; columns ``text`` and ``name`` (an option)."""
    yield Stored("user", [["0x{owner}"], [1, []], True])  # each statement connects
    yield f"INSERT INTO message (sender, sent, text) VALUES (0x{ONE}, 0, 'hi')"
    yield from (
        "SELECT * FROM user",
        "SELECT user.* FROM user",
        "SELECT user.name FROM user",
        "SELECT name, online FROM user",
        "SELECT u.name FROM user u",
        'SELECT "user".name FROM user',
        "SELECT online FROM user WHERE user.online = true",
        "SELECT online FROM user WHERE online",
        "SELECT COUNT(*) AS n FROM user",
        "SELECT online FROM user WHERE name = 'x'",
        "SELECT text FROM message",
        "SELECT text t FROM message",
        "SELECT message.text t FROM message",
        "SELECT text AS t FROM message WHERE text = 'hi'",
        "SELECT m.text FROM message m JOIN user u ON m.sender = u.identity",
        "SELECT message.* FROM message JOIN user ON message.sender = user.identity",
        'SELECT message.* FROM message JOIN user ON message.sender = "user".identity',
        "SELECT user.* FROM message JOIN user ON user.identity = message.sender",
        "SELECT sent FROM message WHERE sent > '2020-01-01T00:00:00Z'",
        "SELECT * FROM message WHERE sender = :sender",
        "DELETE FROM message WHERE sender = :sender",
        "DELETE FROM user WHERE online = false",
        "UPDATE user SET online = false WHERE user.online = true",
        "UPDATE user SET online = false WHERE name = 'x'",
        "SELECT * FROM Message",
        "SELECT * FROM users",
    )


def autoinc_unique() -> Iterator[Step]:
    """Tables whose unique key is numbered, and whose ``name`` is unique as well."""
    for table in ("person_i_32", "person_u_8"):
        yield from (
            f"INSERT INTO {table} (key_col, name) VALUES (0, 'a')",
            f"INSERT INTO {table} (key_col, name) VALUES (0, 'b'), (0, 'c')",
            f"SELECT * FROM {table}",
            f"INSERT INTO {table} (key_col, name) VALUES (0, 'a')",
            f"INSERT INTO {table} (key_col, name) VALUES (100, 'd')",
            f"INSERT INTO {table} (key_col, name) VALUES (100, 'e')",
            f"UPDATE {table} SET key_col = 0 WHERE name = 'b'",
            f"UPDATE {table} SET name = 'a' WHERE name = 'c'",
            f"UPDATE {table} SET name = 'z' WHERE key_col > 0",
            f"SELECT name FROM {table}",
            f"DELETE FROM {table} WHERE name = 'd'",
            f"INSERT INTO {table} (key_col, name) VALUES ('0', 'f')",
            f"SELECT COUNT(*) AS n FROM {table}",
        )


DATABASES = {
    "sdk_test": ("sdk_test-2.8.3", sdk_test),
    "quickstart_chat": ("quickstart_chat-1.2.0", quickstart_chat),
    "autoinc_unique": ("autoinc_unique", autoinc_unique),
}
"""By name: the file of the module, and the statements."""
