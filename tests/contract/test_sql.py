"""SQL over HTTP: the shape of answers, who may do what, and the same verdict on good and bad statements."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.subject import Subject, fresh_name

IDENTITY_TYPE = {"Product": {"elements": [{"name": {"some": "__identity__"}, "algebraic_type": {"U256": []}}]}}


@pytest.fixture
def table(server: Subject, sdk: str) -> str:
    """The database with a few rows in ``pk_u32 (n, data)`` and ``unique_u32 (n, data)``."""
    for statement in (
        "DELETE FROM pk_u32",
        "DELETE FROM unique_u32",
        "INSERT INTO pk_u32 (n, data) VALUES (1, 10), (2, 20), (3, 30)",
        "INSERT INTO unique_u32 (n, data) VALUES (1, 100), (2, 200)",
    ):
        assert server.sql(sdk, statement).status_code == 200
    return sdk


def test_the_shape_of_rows(server: Subject, chat: str):
    server.call(chat, "set_name", '["Ada"]')
    answer = server.sql(chat, "SELECT * FROM user")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["spacetime-execution-duration-micros"].isdigit()
    [statement] = answer.json()
    assert set(statement) == {"schema", "rows", "total_duration_micros", "stats"}
    assert statement["stats"] == {"rows_inserted": 0, "rows_deleted": 0, "rows_updated": 0}
    assert statement["schema"] == {
        "elements": [
            {"name": {"some": "identity"}, "algebraic_type": IDENTITY_TYPE},
            {
                "name": {"some": "name"},
                "algebraic_type": {
                    "Sum": {
                        "variants": [
                            {"name": {"some": "some"}, "algebraic_type": {"String": []}},
                            {"name": {"some": "none"}, "algebraic_type": {"Product": {"elements": []}}},
                        ]
                    }
                },
            },
            {"name": {"some": "online"}, "algebraic_type": {"Bool": []}},
        ]
    }
    named = [row[:2] for row in statement["rows"] if row[1] == [0, "Ada"]]
    assert named == [[[f"0x{server.identity}"], [0, "Ada"]]]


def test_a_query_is_a_connection_as_well(server: Subject, chat: str):
    if server.is_old:
        pytest.skip("on 1.2.0 it is not")
    stranger, token = server.new_token()
    rows = server.sql(chat, "SELECT identity, online FROM user", token=token).json()[0]["rows"]
    assert [[f"0x{stranger}"], True] in rows
    assert [[f"0x{stranger}"], False] in server.rows(chat, "SELECT identity, online FROM user")


def test_changes_are_counted(server: Subject, table: str):
    def stats(statement: str) -> tuple[list[Any], list[int]]:
        [answer] = server.sql(table, statement).json()
        assert answer["schema"] == {"elements": []}
        return answer["rows"], list(answer["stats"].values())

    assert stats("INSERT INTO pk_u32 (n, data) VALUES (4, 40), (5, 50)") == ([], [2, 0, 0])
    assert stats("UPDATE pk_u32 SET data = 0 WHERE n > 3") == ([], [0, 0, 2])
    assert stats("DELETE FROM pk_u32 WHERE n > 1") == ([], [0, 4, 0])
    assert stats("DELETE FROM pk_u32 WHERE n > 1") == ([], [0, 0, 0])


GOOD: dict[str, list[list[Any]]] = {
    "SELECT * FROM pk_u32": [[1, 10], [2, 20], [3, 30]],
    "select * from pk_u32;": [[1, 10], [2, 20], [3, 30]],
    'SELECT * FROM "pk_u32"': [[1, 10], [2, 20], [3, 30]],
    "SELECT p.* FROM pk_u32 AS p": [[1, 10], [2, 20], [3, 30]],
    "-- comment\nSELECT * FROM pk_u32 /* another */": [[1, 10], [2, 20], [3, 30]],
    "SELECT data FROM pk_u32": [[10], [20], [30]],
    "SELECT data, n FROM pk_u32 WHERE n = 2": [[20, 2]],
    "SELECT n AS number FROM pk_u32 WHERE data = 30": [[3]],
    "SELECT pk_u32.n FROM pk_u32 WHERE pk_u32.n = 1": [[1]],
    "SELECT n FROM pk_u32 WHERE n > 1 AND n <= 3": [[2], [3]],
    "SELECT n FROM pk_u32 WHERE n = 1 OR data = 20": [[1], [2]],
    "SELECT n FROM pk_u32 WHERE n <> 1": [[2], [3]],
    "SELECT n FROM pk_u32 WHERE n != 1": [[2], [3]],
    "SELECT n FROM pk_u32 WHERE (n >= 2) AND (n < 3 OR data = 10)": [[2]],
    "SELECT n FROM pk_u32 WHERE true": [[1], [2], [3]],
    "SELECT n FROM pk_u32 WHERE false": [],
    "SELECT n FROM pk_u32 WHERE n = 1.0": [[1]],
    "SELECT n FROM pk_u32 WHERE n = '1'": [[1]],
    "SELECT n FROM pk_u32 WHERE n = 0x1": [[1]],
    "SELECT n FROM pk_u32 WHERE n = 1e0": [[1]],
    "SELECT n FROM pk_u32 WHERE data = -1": [],
    "SELECT * FROM pk_u32 LIMIT 0": [],
    "SELECT COUNT(*) AS c FROM pk_u32": [[3]],
    "SELECT COUNT(*) AS c FROM pk_u32 WHERE n > 1": [[2]],
    "SELECT pk_u32.* FROM pk_u32 JOIN unique_u32 ON pk_u32.n = unique_u32.n": [[1, 10], [2, 20]],
    "SELECT p.n, u.data FROM pk_u32 p JOIN unique_u32 u ON p.n = u.n WHERE u.data = 200": [[2, 200]],
    "SELECT * FROM one_identity WHERE i = :sender": [],
}


@pytest.mark.parametrize("statement", GOOD)
def test_good_statements(server: Subject, table: str, statement: str):
    assert sorted(server.rows(table, statement)) == sorted(GOOD[statement])


def test_a_limit_gives_some_of_the_rows(server: Subject, table: str):
    rows = server.rows(table, "SELECT * FROM pk_u32 LIMIT 2")
    assert len(rows) == 2
    assert all(row in [[1, 10], [2, 20], [3, 30]] for row in rows)


BAD = [
    "",
    ";",
    "selec",
    '"SELECT * FROM pk_u32"',
    "SELECT",
    "SELECT * FROM",
    "SELECT * FROM nope",
    "SELECT * FROM PK_U32",
    "SELECT nope FROM pk_u32",
    "SELECT N FROM pk_u32",
    "SELECT x.n FROM pk_u32",
    "SELECT n FROM pk_u32 WHERE",
    "SELECT n FROM pk_u32 WHERE n",
    "SELECT n FROM pk_u32 WHERE n = -1",
    "SELECT n FROM pk_u32 WHERE n = 4294967296",
    "SELECT n FROM pk_u32 WHERE n = 'x'",
    "SELECT n FROM pk_u32 WHERE n = true",
    "SELECT n FROM pk_u32 WHERE n = :sender",
    "SELECT n FROM pk_u32 WHERE NOT n = 1",
    "SELECT n FROM pk_u32 WHERE n IN (1, 2)",
    "SELECT n FROM pk_u32 WHERE n BETWEEN 1 AND 2",
    "SELECT n FROM pk_u32 WHERE n IS NULL",
    "SELECT n FROM pk_u32 WHERE n + 1 = 2",
    "SELECT n, n FROM pk_u32",
    "SELECT *, n FROM pk_u32",
    "SELECT 1 FROM pk_u32",
    "SELECT n + 1 FROM pk_u32",
    "SELECT 1",
    "SELECT DISTINCT n FROM pk_u32",
    "SELECT * FROM pk_u32 ORDER BY n",
    "SELECT * FROM pk_u32 GROUP BY n",
    "SELECT * FROM pk_u32 LIMIT -1",
    "SELECT * FROM pk_u32 OFFSET 1",
    "SELECT COUNT(*) FROM pk_u32",
    "SELECT COUNT(n) AS c FROM pk_u32",
    "SELECT SUM(n) AS s FROM pk_u32",
    "SELECT * FROM pk_u32, unique_u32",
    "SELECT * FROM pk_u32 JOIN unique_u32 ON pk_u32.n = unique_u32.n",
    "SELECT pk_u32.* FROM pk_u32 LEFT JOIN unique_u32 ON pk_u32.n = unique_u32.n",
    "SELECT * FROM (SELECT * FROM pk_u32)",
    "SELECT * FROM pk_u32 UNION SELECT * FROM pk_u32",
    "WITH a AS (SELECT * FROM pk_u32) SELECT * FROM a",
    "SELECT * FROM pk_u32; SELECT * FROM pk_u32",
    "INSERT INTO pk_u32 VALUES (9, 9)",
    "INSERT INTO pk_u32 (n) VALUES (9)",
    "INSERT INTO pk_u32 (n, data) VALUES (9, 'x')",
    "INSERT INTO pk_u32 (n, data) VALUES (1, 11)",
    "INSERT INTO pk_u32 (n, data) VALUES (9, 9), (1, 11)",
    "INSERT INTO pk_u32 SELECT * FROM pk_u32",
    "INSERT INTO nope (a) VALUES (1)",
    "UPDATE pk_u32 SET n = 2 WHERE n = 1",
    "UPDATE pk_u32 SET data = data + 1",
    "UPDATE pk_u32 SET nope = 1",
    "UPDATE nope SET a = 1",
    "DELETE FROM nope",
    "TRUNCATE pk_u32",
    "DROP TABLE pk_u32",
    "CREATE TABLE x (a INT)",
    "BEGIN",
    "VALUES (1)",
    "(" * 2000,
    "SELECT * FROM pk_u32 WHERE " + "(" * 2000 + "n = 1" + ")" * 2000,
]


@pytest.mark.parametrize("statement", BAD, ids=[statement[:50] or "empty" for statement in BAD])
def test_bad_statements_are_refused_and_change_nothing(server: Subject, table: str, statement: str):
    answer = server.sql(table, statement)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text
    assert sorted(server.rows(table, "SELECT * FROM pk_u32")) == [[1, 10], [2, 20], [3, 30]]


def test_bytes_that_are_no_text(server: Subject, sdk: str):
    answer = server.ask("POST", f"/v1/database/{sdk}/sql", content=b"\xff")
    assert answer.status_code == 400
    assert answer.text.startswith("Request body didn't contain valid UTF-8")


class TestOwnership:
    def test_others_may_read_public_tables(self, server: Subject, table: str):
        for token in (None, server.new_token()[1]):
            assert server.sql(table, "SELECT * FROM pk_u32", token=token).status_code == 200

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM pk_u32",
            "UPDATE pk_u32 SET data = 0",
            "INSERT INTO pk_u32 (n, data) VALUES (9, 9)",
        ],
    )
    def test_others_may_not_write(self, server: Subject, table: str, statement: str):
        for token in (None, server.new_token()[1]):
            assert server.sql(table, statement, token=token).status_code == 400
        assert len(server.rows(table, "SELECT * FROM pk_u32")) == 3


@pytest.mark.parametrize(("query", "status"), [("confirmed=true", 200), ("confirmed=false", 200), ("confirmed=1", 400)])
def test_confirmed_reads(server: Subject, sdk: str, query: str, status: int):
    if server.is_old:
        pytest.skip("1.2.0 does not know them")
    answer = server.ask("POST", f"/v1/database/{sdk}/sql?{query}", content="SELECT * FROM pk_u32")
    assert answer.status_code == status


def test_an_unknown_database(server: Subject):
    assert server.sql(fresh_name("nothing"), "SELECT 1").status_code == 404
