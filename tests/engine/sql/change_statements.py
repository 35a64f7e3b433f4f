# ruff: noqa: E501  # a list of statements is read best with many in a line
"""Changes to the tables of ``sdk_test``."""

from __future__ import annotations

from collections.abc import Iterator

from tests.engine.sql.steps import NOTHING, ONE, Step, Stored


def changes() -> Iterator[Step]:
    yield from _inserts()
    yield from _updates()
    yield from _deletes()


def rows() -> Iterator[Step]:
    yield "INSERT INTO pk_u_32 (n, data) VALUES (1, 10), (2, 20), (3, -30), (70000, 40), (5, 10)"
    yield "INSERT INTO unique_u_32 (n, data) VALUES (1, 100), (3, 300), (9, 900)"
    yield "INSERT INTO btree_u_32 (n, data) VALUES (1, 1), (1, 2), (2, 2), (3, 1), (4294967295, 0)"
    yield "INSERT INTO one_bool (b) VALUES (true), (false)"
    yield "INSERT INTO pk_string (s, data) VALUES ('a', 1), ('b', 2), ('', 3), ('B', 4), ('aa', 5), ('ä', 6)"
    yield "INSERT INTO one_string (s) VALUES ('5'), ('it''s'), ('back\\slash'), ('FF'), ('x')"
    yield f"INSERT INTO one_identity (i) VALUES (0x{ONE}), (0x{{owner}})"
    yield f"INSERT INTO pk_identity (i, data) VALUES (0x{NOTHING}, 1), (0x{{owner}}, 2), (0x{{other}}, 3)"
    yield "INSERT INTO vec_u_8 (n) VALUES (0x), (0x00), (0x0102), (X'AbCd'), (0x{owner})"
    yield "INSERT INTO one_connection_id (a) VALUES (0x00000000000000000000000000000002)"
    yield "INSERT INTO one_uuid (u) VALUES (0x0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a)"
    yield "INSERT INTO one_f_32 (f) VALUES (1e40), (-1e40), (0.1), (16777217), (1e-50), (-2.5)"
    yield "INSERT INTO one_f_64 (f) VALUES (1e400), (-1e400), (0.1), (9007199254740993), (1e-400), (-2.5e-3)"
    for bits in (8, 16, 32, 64, 128, 256):
        yield f"INSERT INTO one_u_{bits} (n) VALUES (0), (1), (100), ({2**bits - 1})"
        half = 2 ** (bits - 1)
        yield f"INSERT INTO one_i_{bits} (n) VALUES (-{half}), (-1), (0), (100), ({half - 1})"
    for micros in (0, 1739202330000000, -62135596800000000):
        yield Stored("one_timestamp", [[micros]])
    yield Stored("one_simple_enum", [[1, []]])
    yield Stored("one_unit_struct", [[]])
    yield Stored("option_i_32", [[0, 7]])
    yield Stored("option_i_32", [[1, []]])
    yield Stored("vec_string", [["a", "b"]])
    yield Stored("one_enum_with_payload", [[15, "text"]])
    yield Stored("vec_every_vec_struct", [[]])
    yield Stored("result_i_32_string", [[1, "no"]])


def _inserts() -> Iterator[Step]:
    yield "INSERT INTO pk_u_16 (n, data) VALUES (1, 1)"
    for sql in (
        "pk_u_16 VALUES (2, 2)", "pk_u_16 (n) VALUES (2)", "pk_u_16 (n, data) VALUES (2)", "pk_u_16 (n, data) VALUES (2, 2, 2)",
        "pk_u_16 (n, data, x) VALUES (2, 2, 2)", "pk_u_16 (data, n) VALUES (5, 50)", "pk_u_16 (foo, bar) VALUES (6, 60)",
        "pk_u_16 (n, n) VALUES (7, 70)", "pk_u_16 (n, data) VALUES (8, 80), (9)", "pk_u_16 (n, data) VALUES (1, 2)",
        "pk_u_16 (n, data) VALUES (1, 1)", "pk_u_16 (n, data) VALUES (10, 1), (10, 2)", "pk_u_16 (n, data) VALUES (11, 1), (11, 1)",
        "pk_u_16 (n, data) VALUES (12, 1), (1, 2)", "pk_u_16 (n, data) VALUES (70000, 1)", "pk_u_16 (n, data) VALUES (-1, 1)",
        "pk_u_16 (n, data) VALUES ('13', 1)", "pk_u_16 (n, data) VALUES (0x14, 1)", "pk_u_16 (n, data) VALUES (1.5e1, -1)",
        "pk_u_16 (n, data) VALUES (true, 1)", "pk_u_16 (n, data) VALUES (NULL, 1)", "pk_u_16 (n, data) VALUES (1 + 1, 1)",
        "pk_u_16 (n, data) VALUES ((16), 1)", "pk_u_16 (n, data) VALUES (n, 1)", "pk_u_16 (n, data) VALUES (:sender, 1)",
        "pk_u_16 (n, data) VALUES (17, 1) LIMIT ALL", "pk_u_16 (n, data) VALUES (18, 1) LIMIT 1", "pk_u_16 (n, data) VALUES (18, 1) ORDER BY n",
        "pk_u_16 (n, data) VALUES (18, 1) RETURNING n", "pk_u_16 (n, data) VALUES (18, 1) ON CONFLICT DO NOTHING", "pk_u_16 (n, data) VALUES",
        "pk_u_16 (n, data) VALUES ()", "pk_u_16 () VALUES ()", "pk_u_16 (n, data) VALUES (18, 1),", "pk_u_16 (n, data) VALUES 18, 1",
        "pk_u_16 (n, data) VALUES ROW (18, 1)", "pk_u_16 (n, data) SELECT n, data FROM pk_u_16", "pk_u_16 (n, data) (VALUES (18, 1))",
        "pk_u_16 (n, data) DEFAULT VALUES", "pk_u_16 (n, data) (n) VALUES (18, 1)", "pk_u_16 AS x (n, data) VALUES (18, 1)",
        "pk_u_16 (pk_u_16.n, data) VALUES (18, 1)", "pk_u_16 ('n', \"data\") VALUES (19, 1)", "TABLE pk_u_16 (n, data) VALUES (20, 1)",
        "LOCAL pk_u_16 (n, data) VALUES (21, 1)", "'pk_u_16' (n, data) VALUES (22, 1)", "nope (n) VALUES (1)", "pk_u16 (n, data) VALUES (23, 1)",
        "PK_U_16 (n, data) VALUES (24, 1)", "option_i_32 (n) VALUES (5)", "one_timestamp (t) VALUES ('2025-02-10T15:45:30Z')",
        "one_timestamp (t) VALUES (5)", "one_identity (i) VALUES (0x01)", "one_identity (i) VALUES (:sender)", "one_identity (i) VALUES ('" + ONE + "')",
        "vec_u_8 (n) VALUES (1234)", "vec_u_8 (n) VALUES (123)", "vec_u_8 (n) VALUES ('0102')", "one_string (s) VALUES (5.50)",
        "one_string (s) VALUES (0xAB)", "one_string (s) VALUES (-5)", "one_string (s) VALUES (true)", "one_string (s) VALUES ('new'), ('newer')",
        "one_bool (b) VALUES (1)", "one_bool (b) VALUES ('true')", "one_bool (b) VALUES (TRUE)", "one_f_64 (f) VALUES ('1')", "one_f_64 (f) VALUES (0x10)",
        "one_f_64 (f) VALUES (-0)", "one_simple_enum (e) VALUES (0)", "one_unit_struct (s) VALUES (0)", "vec_string (s) VALUES ('a')",
        "one_uuid (u) VALUES (0x0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b)", "one_uuid (u) VALUES ('0b0b0b0b-0b0b-0b0b-0b0b-0b0b0b0b0b0b')",
    ):  # fmt: skip
        yield f"INSERT INTO {sql}"
    yield "INSERT pk_u_16 (n, data) VALUES (30, 1)"
    yield "INSERT OVERWRITE pk_u_16 (n, data) VALUES (31, 1)"
    yield "INSERT INTO pk_u_16 (n, data) VALUES (32, 1); INSERT INTO pk_u_16 (n, data) VALUES (33, 1)"
    yield "INSERT OR IGNORE INTO pk_u_16 (n, data) VALUES (1, 1)"
    for table in ("pk_u_16", "one_string", "one_f_64", "vec_u_8", "one_uuid", "one_bool", "one_identity"):
        yield f"SELECT * FROM {table}"


def _updates() -> Iterator[Step]:
    yield "INSERT INTO pk_u_8 (n, data) VALUES (1, 10), (2, 20), (3, 30)"
    yield "INSERT INTO one_u_16 (n) VALUES (7), (8)"
    for sql in (
        "pk_u_8 SET data = 99 WHERE n = 1", "pk_u_8 SET n = 2 WHERE n = 1", "pk_u_8 SET n = 1", "pk_u_8 SET n = 4 WHERE n = 3",
        "pk_u_8 SET data = 5, data = 6 WHERE n = 1", "pk_u_8 SET data = 7, n = 9 WHERE n = 1", "pk_u_8 SET data = 1 WHERE n = 200",
        "pk_u_8 SET data = n", "pk_u_8 SET data = data + 1", "pk_u_8 SET data = (5)", "pk_u_8 SET data = 'x'", "pk_u_8 SET data = '5'",
        "pk_u_8 SET foo = 5", "pk_u_8 SET (data) = 50 WHERE n = 9", "pk_u_8 SET ,data = 51 WHERE n = 9", "pk_u_8 SET data + 1 = 52 WHERE n = 9",
        "pk_u_8 SET pk_u_8.data = 1", "pk_u_8 SET (data, n) = (1, 2)", "pk_u_8 SET data = NULL", "pk_u_8 SET data = :sender", "pk_u_8 SET data =",
        "pk_u_8 SET = 5", "pk_u_8 SET", "pk_u_8 data = 5", "pk_u_8 x SET data = 1", "pk_u_8 AS x SET data = 1", "pk_u_8 SET data = 1 FROM one_u_8",
        "pk_u_8 JOIN one_u_8 y ON pk_u_8.n = y.n SET data = 1", "pk_u_8 SET data = 1 RETURNING n", "pk_u_8 SET data = 1 LIMIT 1",
        "pk_u_8 SET data = 60 WHERE pk_u_8.n = 9", "pk_u8 SET data = 61 WHERE pk_u8.n = 9", "pk_u8 SET data = 62 WHERE pk_u_8.n = 9",
        "pk_u_8 SET n = 256", "pk_u_8 SET n = -1", "pk_u_8 SET data = -1.0 WHERE data > 50", "nope SET a = 1", "pk_u_8 SET data = 1 WHERE foo = 1",
        "pk_u_8 SET data = 70 WHERE n = 9 OR n = 4", "pk_u_8 SET data = 70 WHERE n >= 4 AND data = 70", "pk_u_8 SET data = 71 WHERE true",
        "pk_u_8 SET data = 72 WHERE false", "one_u_16 SET n = 7 WHERE n = 7 OR n = 8", "one_identity SET i = :sender",
        "pk_identity SET data = 5 WHERE i = :sender", "option_i_32 SET n = 5", "one_bool SET b = false", "'pk_u_8' SET data = 73 WHERE n = 9",
        "pk_u_8 SET data = 0x74 WHERE n = 9", "pk_u_8 SET data = true", "pk_u_8, one_u_8 SET data = 1", "pk_u_8 SET data == 5", "(pk_u_8) SET data = 5",
    ):  # fmt: skip
        yield f"UPDATE {sql}"
    for table in ("pk_u_8", "one_u_16", "pk_identity", "one_bool"):
        yield f"SELECT * FROM {table}"


def _deletes() -> Iterator[Step]:
    for sql in (
        "FROM pk_u_32 WHERE n = 1", "FROM pk_u_32 WHERE n = 1", "FROM pk_u_32 x WHERE x.n = 2", "FROM pk_u_32 WHERE pk_u_32.n = 2",
        "FROM pk_u32 WHERE pk_u32.n = 3", "FROM pk_u32 WHERE pk_u_32.n = 5", "pk_u_32", "pk_u_32 FROM pk_u_32", "FROM pk_u_32, one_u_32",
        "FROM pk_u_32 USING one_u_32 WHERE pk_u_32.n = one_u_32.n", "FROM pk_u_32 RETURNING n", "FROM pk_u_32 LIMIT 1", "FROM pk_u_32 WHERE",
        "FROM nope", "FROM pk_u_32 WHERE foo = 1", "FROM pk_u_32 JOIN one_u_32 y", "FROM (pk_u_32)", "* FROM pk_u_32", "FROM one_identity WHERE i = :sender",
        "FROM btree_u_32 WHERE n = 1 AND data = 2", "FROM btree_u_32 WHERE n > 2", "FROM btree_u_32 WHERE n >= 1 AND n < 2", "FROM pk_string WHERE s > 'a'",
        "FROM one_f_64 WHERE f < 0.0", "FROM one_simple_enum", "FROM vec_string WHERE true", "FROM one_bool WHERE b", "FROM pk_u_32 WHERE n = 1 OR n = 5",
        "FROM one_u_8 WHERE n = 256", "FROM 'one_u_8' WHERE n = 255", "FROM one_u_8", "FROM one_u_8",
    ):  # fmt: skip
        yield f"DELETE {sql}"
    for table in (
        "pk_u_32",
        "btree_u_32",
        "pk_string",
        "one_f_64",
        "one_simple_enum",
        "vec_string",
        "one_identity",
        "one_u_8",
    ):
        yield f"SELECT * FROM {table}"
