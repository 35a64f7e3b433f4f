# ruff: noqa: E501  # a list of statements is read best with many in a line
"""Queries of ``sdk_test``: what is selected, names, clauses, joins, indexes, limits, who may."""

from __future__ import annotations

from collections.abc import Iterator

from tests.engine.sql.steps import AsOther, Step


def queries() -> Iterator[Step]:
    yield from _projections()
    yield from _words_and_names()
    yield from _clauses()
    yield from _joins()
    yield from _indexes()
    yield from _limits_of_size()
    yield from _permissions()
    yield from _row_security()
    yield from _variables()


def _projections() -> Iterator[Step]:
    for table in [
        "pk_u_32",
        "vec_u_8",
        "one_simple_enum",
        "one_unit_struct",
        "option_i_32",
        "vec_string",
        "one_enum_with_payload",
        "one_timestamp",
        "one_identity",
        "one_uuid",
        "vec_every_vec_struct",
        "result_i_32_string",
        "large_table",
        "one_every_primitive_struct",
        "one_every_vec_struct",
        "option_simple_enum",
        "scheduled_table",
        "table_holds_table",
        "one_f_32",
        "one_f_64",
        "one_i_256",
    ]:
        yield f"SELECT * FROM {table}"
    yield "SELECT n FROM pk_u_32"
    yield "SELECT data, n FROM pk_u_32"
    yield "SELECT n, n AS m FROM pk_u_32"
    yield "SELECT n AS data, data AS n FROM pk_u_32"
    yield "SELECT n m FROM pk_u_32"
    yield "SELECT n 'a b' FROM pk_u_32"
    yield "SELECT n AS 'a b' FROM pk_u_32"
    yield 'SELECT n AS "a""b", data AS "" FROM pk_u_32'
    yield "SELECT n AS é, data AS a$b FROM pk_u_32"
    yield "SELECT n, n FROM pk_u_32"
    yield "SELECT n, data AS n FROM pk_u_32"
    yield "SELECT pk_u_32.* FROM pk_u_32"
    yield "SELECT pk_u_32.n FROM pk_u_32"
    yield "SELECT x.* FROM pk_u_32 x"
    yield "SELECT x.* FROM pk_u_32 AS x"
    yield "SELECT x.* FROM pk_u_32 AS 'x'"
    yield "SELECT x.n, data FROM pk_u_32 x"
    yield "SELECT pk_u_32.n FROM pk_u_32 x"
    yield "SELECT pk_u_32.* FROM pk_u_32 x"
    yield "SELECT y.n FROM pk_u_32 x"
    yield "SELECT *, n FROM pk_u_32"
    yield "SELECT n, pk_u_32.* FROM pk_u_32"
    yield "SELECT *, * FROM pk_u_32"
    yield "SELECT n, FROM pk_u_32"
    yield "SELECT ALL n FROM pk_u_32"
    yield "SELECT DISTINCT n FROM pk_u_32"
    yield "SELECT (n) FROM pk_u_32"
    yield "SELECT 1 FROM pk_u_32"
    yield "SELECT 'a' AS a FROM pk_u_32"
    yield "SELECT n + 1 AS m FROM pk_u_32"
    yield "SELECT n = 1 AS m FROM pk_u_32"
    yield "SELECT -n FROM pk_u_32"
    yield "SELECT :sender AS me FROM pk_u_32"
    yield "SELECT lower(s) AS l FROM pk_string"
    yield "SELECT n::text FROM pk_u_32"
    yield "SELECT CAST(n AS text) AS t FROM pk_u_32"
    yield "SELECT e.tag FROM one_simple_enum e"
    yield "SELECT foo FROM pk_u_32"
    yield "SELECT N FROM pk_u_32"
    yield "SELECT"
    yield "SELECT n"
    yield "SELECT FROM pk_u_32"
    yield "SELECT * FROM"
    yield "FROM pk_u_32"
    yield "SELECT 1"
    for count in ("COUNT(*) AS c", "count(*) c", '"count"(*) AS c', "COUNT(ALL *) AS c", "COUNT ( * ) AS 'c d'"):
        yield f"SELECT {count} FROM pk_u_32"
    yield "SELECT COUNT(*) AS c FROM pk_u_32 WHERE n > 2"
    yield "SELECT COUNT(*) AS c FROM pk_u_32 WHERE data = 10 OR n = 2"
    yield "SELECT COUNT(*) AS c FROM pk_u_32 WHERE n = 99"
    yield "SELECT COUNT(*) AS c FROM vec_string"
    yield "SELECT COUNT(*) AS c FROM large_table"
    for count in (
        "COUNT(*)", "COUNT(n) AS c", "COUNT(DISTINCT n) AS c", "COUNT(1) AS c", "COUNT() AS c", "COUNT(pk_u_32.*) AS c",
        "COUNT(*) AS c, n", "n, COUNT(*) AS c", "COUNT(*) AS c, COUNT(*) AS d", "SUM(n) AS s", "MAX(n) AS m", "count",
        "x.count(*) AS c", "COUNT(*) OVER () AS c", "COUNT(*) FILTER (WHERE n = 1) AS c", "COUNT(*, n) AS c",
    ):  # fmt: skip
        yield f"SELECT {count} FROM pk_u_32"


def _words_and_names() -> Iterator[Step]:
    for table in (
        '"pk_u_32"', "'pk_u_32'", "`pk_u_32`", "[pk_u_32]", "PK_U_32", "Pk_u_32", "pk_u32", "PkU32", "pkU32", "pk_u_3",
        "(pk_u_32)", "pk_u_32, one_u_32", "public.pk_u_32", "pk_u_32.n", "pk_u_32()", "TABLE (pk_u_32)", "LATERAL pk_u_32",
        "UNNEST(n)", "(SELECT * FROM pk_u_32)", "pk_u_32 AS x (a, b)", "pk_u_32 x y", "pk_u_32 WITH (nolock)",
        "pk_u_32 TABLESAMPLE", "ONLY pk_u_32", '""',
    ):  # fmt: skip
        yield f"SELECT n FROM {table}"
    for alias in (
        "end", "set", "returning", "natural", "AS where", "user", "value", '"where" WHERE "where".n = 1', "AS select",
        "using", "on", "join", "values", "AS 'it''s'", "row", "for", "as", "AS", "1", "partition", "returning WHERE n = 1",
        "window", "pivot", "view", "AS view WHERE view.n = 1", "between", "in", "like", "and", "x.y",
    ):  # fmt: skip
        yield f"SELECT * FROM pk_u_32 {alias}"
    for alias in (
        "end", "AS end", "set", "AS from", "value", "into", "over", "filter", "AS", "is", "in", "like", "not", "at",
        "collate", "div", "xor", "operator", "between", "and", "or", "as as", "AS 5", "where", "limit", "1", "n m", "on",
        "join", "left", "order", "using", "FILTER",
    ):  # fmt: skip
        yield f"SELECT n {alias} FROM pk_u_32"
    for column in (
        "text", "text AS t", "text t", "text 't'", 'text "t"', '"text" t', "scheduled_table.text t", "TEXT", "text x y",
    ):  # fmt: skip
        yield f"SELECT {column} FROM scheduled_table"
    for word in (
        "user", "current_user", "current_date", "case", "cast", "exists", "position", "floor", "trim", "interval", "not",
        "null", "true", "from", "select", "where", "date", "timestamp", "array", "row", "end", "set", "int", "position(n)",
        "any", "all", "some", "distinct", "top", "default",
    ):  # fmt: skip
        yield f"SELECT {word} FROM pk_u_32"
        yield f"SELECT n FROM pk_u_32 WHERE {word} = 1"
        yield f"SELECT n FROM pk_u_32 WHERE n = {word}"
    for end in (
        ";", ";;", "; ;  ", " END", " END garbage here (", " END garbage ' here", "; END ; x", "; SELECT n FROM pk_u_32",
        "; garbage", ";; DELETE FROM nope", " garbage more", " -- comment", " -- comment\n", " /* comment */", " /*/ */",
        " /**/", " /* a /* nested */ */", " /* /* */", " # comment", " // comment", " \\", ")", " 'x'", " 5", " ,", ".",
    ):  # fmt: skip
        yield f"SELECT n FROM pk_u_32{end}"
    yield from (
        "",
        " ",
        ";",
        "-- nothing",
        "/* nothing */",
        "END",
        "; SELECT n FROM pk_u_32",
        "SELEC n FROM pk_u_32",
        "*",
    )
    yield "SELECT\tn\r\nFROM\u00a0pk_u_32\n\nWHERE\u2003n=1"
    yield "select N.n from pk_u_32 as N"
    yield "sElEcT n fRoM pk_u_32 wHeRe n = 1 lImIt 1"
    yield "SELECT/**/n/**/FROM/**/pk_u_32/**/WHERE/**/n/**/=/**/1"
    yield "SELECT é FROM pk_u_32"
    yield "SELECT n FROM pk_u_32 WHERE n='unclosed"
    yield 'SELECT "n FROM pk_u_32'
    yield "(SELECT n FROM pk_u_32)"
    yield from (
        "VALUES (1)",
        "TABLE pk_u_32",
        "WITH x AS (SELECT * FROM pk_u_32) SELECT * FROM x",
        "TRUNCATE pk_u_32",
        "CREATE TABLE x (a int)",
        "DROP TABLE pk_u_32",
        "ALTER TABLE pk_u_32 ADD x int",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "EXPLAIN SELECT * FROM pk_u_32",
        "DESCRIBE pk_u_32",
        "USE sdk",
        "GRANT ALL ON pk_u_32 TO x",
        "VACUUM",
        "CALL f()",
        "MERGE INTO pk_u_32 USING x ON x.n = 1 WHEN MATCHED THEN DELETE",
        "REPLACE INTO pk_u_32 (n, data) VALUES (1, 1)",
    )


def _clauses() -> Iterator[Step]:
    for clause in (
        "ORDER BY n", "GROUP BY n", "GROUP BY ALL", "HAVING n = 1", "LIMIT 2 OFFSET 1", "OFFSET 1", "OFFSET 0",
        "FETCH FIRST 1 ROW ONLY", "FOR UPDATE", "UNION SELECT n FROM one_u_32", "EXCEPT SELECT n FROM one_u_32",
        "INTERSECT SELECT n FROM one_u_32", "LIMIT 1, 2", "LIMIT", "WHERE", "WINDOW w AS (PARTITION BY n)", "SORT BY n",
        "QUALIFY n = 1", "LATERAL VIEW explode(n) AS x", "CLUSTER BY n", "LIMIT 1 FOR UPDATE", "WHERE n = 1 ORDER BY n",
    ):  # fmt: skip
        yield f"SELECT n FROM pk_u_32 {clause}"
    for limit in (
        "0", "1", "3", "5", "100", "1.0", "1e0", "10e-1", "0x1", "'1'", "ALL", "ALL LIMIT 2", "2 LIMIT ALL", "2 LIMIT 1",
        "(1)", "+1", "-1", "1.5", "18446744073709551615", "18446744073709551616", "1 + 1", "n", "true", "NULL", "1L",
        "ALL LIMIT ALL", ":sender", "1 1",
    ):  # fmt: skip
        yield f"SELECT n FROM pk_u_32 LIMIT {limit}"
    for limit in (0, 1, 2):
        yield f"SELECT COUNT(*) AS c FROM pk_u_32 LIMIT {limit}"
        yield f"SELECT * FROM pk_u_32 WHERE data = 10 LIMIT {limit}"
        yield f"SELECT x.n FROM pk_u_32 x JOIN btree_u_32 y ON x.n = y.n LIMIT {limit}"


def _joins() -> Iterator[Step]:
    for join in (
        "JOIN unique_u_32 y ON x.n = y.n", "INNER JOIN unique_u_32 y ON x.n = y.n", "JOIN unique_u_32 y ON y.n = x.n",
        "JOIN unique_u_32 y ON x.n == y.n", "JOIN unique_u_32 AS y ON x.n = y.n", "JOIN unique_u_32 y", "CROSS JOIN unique_u_32 y",
        "INNER JOIN unique_u_32 y", "JOIN btree_u_32 y ON x.n = y.n", "JOIN btree_u_32 y ON x.data = y.data",
        "JOIN pk_u_32 y ON x.data = y.data", "JOIN pk_u_32 y ON x.n = y.n", "JOIN one_u_32 y ON x.n = y.n",
        "JOIN unique_u_32 y ON x.n = y.data", "JOIN unique_u_32 y ON (x.n = y.n)",
        "JOIN unique_u_32 y ON (x.n) = y.n", "JOIN unique_u_32 y ON x.n = (y.n)", "JOIN unique_u_32 y ON x.n = y.n = true", "JOIN unique_u_32 y ON x.n = y.n OR true",
        "JOIN unique_u_32 y ON x.n <> y.n", "JOIN unique_u_32 y ON x.n y.n", "JOIN unique_u_32 y ON x.n =", "JOIN unique_u_32 y ON x.n = y.n + 1", "JOIN unique_u_32 y ON x.n = any",
        "JOIN unique_u_32 y ON x.n = y.n ON x.n = y.n", "JOIN unique_u_32 y ON x.n = y.n END", "JOIN unique_u_32 y ON :sender = y.n", "JOIN unique_u_32 y ON x.n = y.n, pk_u_32 z", "JOIN unique_u_32 y ON x.n = y.n AND x.n = 1",
        "JOIN unique_u_32 y ON x.n < y.n", "JOIN unique_u_32 y ON x.n = 1", "JOIN unique_u_32 y ON true", "JOIN unique_u_32 y ON n = n",
        "JOIN unique_u_32 y ON x.n = n", "JOIN unique_u_32 y ON x.n = z.n", "JOIN unique_u_32 y ON x.foo = y.n",
        "JOIN unique_u_32 y USING (n)", "NATURAL JOIN unique_u_32 y", "LEFT JOIN unique_u_32 y ON x.n = y.n",
        "RIGHT JOIN unique_u_32 y ON x.n = y.n", "FULL JOIN unique_u_32 y ON x.n = y.n", "LEFT OUTER JOIN unique_u_32 y ON x.n = y.n",
        "CROSS JOIN unique_u_32 y ON x.n = y.n", "JOIN x ON x.n = x.n", "JOIN pk_u_32 x ON x.n = x.n", "JOIN nope y ON x.n = y.n",
        "JOIN one_bool y ON x.n = y.b", "JOIN one_simple_enum y ON x.n = y.e", "JOIN (unique_u_32 y) ON x.n = y.n", ", unique_u_32 y",
        "JOIN unique_u_32 y ON x.n = y.n WHERE y.data > 100", "JOIN unique_u_32 y WHERE x.n = y.n", "JOIN unique_u_32 y WHERE x.n < y.n",
        "JOIN unique_u_32 y ON x.n = y.n WHERE n = 1", "JOIN unique_u_32 y ON x.n = y.n WHERE x.n = 3 AND y.n = 3",
        "JOIN unique_u_32 y ON x.n = y.n WHERE x.n = 1 OR y.data = 300", "JOIN unique_u_32 y WHERE x.data = y.data OR x.n = 1",
        "JOIN unique_u_32 y ON x.n = y.n WHERE false", "JOIN unique_u_32 y ON x.n = y.n WHERE x.n > 1 AND y.n < 9",
        "JOIN unique_u_32 y ON x.n = y.n JOIN btree_u_32 z ON y.n = z.n", "JOIN unique_u_32 y ON x.n = y.n JOIN btree_u_32 z ON z.n = x.n",
        "JOIN unique_u_32 y JOIN btree_u_32 z", "JOIN unique_u_32 y ON x.n = y.n JOIN btree_u_32 z WHERE z.n = 1",
        "JOIN btree_u_32 y ON x.n = y.n JOIN btree_u_32 z ON y.data = z.data JOIN pk_u_32 w ON z.n = w.n",
        "JOIN unique_u_32 y ON x.n = z.n JOIN btree_u_32 z ON y.n = z.n", "JOIN", "JOIN unique_u_32 y ON", "JOIN ON x.n = x.n",
        "JOIN vec_u_8 y", "JOIN one_f_64 y WHERE y.f > 0.0", "JOIN one_i_32 y ON x.data = y.n", "JOIN one_i_32 y ON x.n = y.n",
    ):  # fmt: skip
        yield f"SELECT x.n FROM pk_u_32 x {join}"
        yield f"SELECT COUNT(*) AS c FROM pk_u_32 x {join}"
    joined = "FROM pk_u_32 x JOIN btree_u_32 y ON x.n = y.n"
    for wanted in ("*", "x.*", "y.*", "x.n, y.data", "x.data AS a, y.data AS b, x.n", "x.n, y.n", "n", "x.n, data", "x.*, y.*", "z.*",
                   "pk_u_32.n", "y.foo", "COUNT(*) AS c"):  # fmt: skip
        yield f"SELECT {wanted} {joined}"
    yield "SELECT pk_u_32.n FROM pk_u_32 JOIN btree_u_32 ON pk_u_32.n = btree_u_32.n"
    yield "SELECT pk_u_32.* FROM pk_u_32 JOIN pk_u_32 ON pk_u_32.n = pk_u_32.n"
    yield "SELECT a.s FROM pk_string a JOIN one_string b ON a.s = b.s"
    yield "SELECT a.data FROM pk_identity a JOIN one_identity b ON a.i = b.i"
    yield "SELECT a.data FROM pk_identity a JOIN one_identity b ON b.i = a.i WHERE a.i = :sender"
    yield "SELECT x.n FROM one_f_64 a JOIN one_f_64 b ON a.f = b.f JOIN pk_u_32 x"
    yield "SELECT a.f FROM one_f_64 a JOIN one_f_64 b ON a.f = b.f"
    yield "SELECT a.n AS n FROM vec_u_8 a JOIN vec_u_8 b ON a.n = b.n"
    yield "SELECT a.t FROM one_timestamp a JOIN one_timestamp b ON a.t = b.t"
    yield "SELECT a.n FROM vec_u_16 a JOIN vec_u_16 b ON a.n = b.n"
    yield "SELECT a.n FROM one_u_256 a JOIN one_u_256 b ON a.n = b.n WHERE b.n > 1"
    yield "SELECT x.n FROM one_u_32 x JOIN one_u_32 y ON x.n = x.n"
    yield "SELECT x.n FROM one_u_32 x JOIN one_u_32 y ON y.n = y.n"


def _indexes() -> Iterator[Step]:
    for condition in (
        "n = 1", "n = 7", "1 = n", "n > 1", "n >= 2", "n < 2", "n <= 1", "n > 1 AND n < 4", "n >= 1 AND n <= 2 AND data = 2",
        "n = 1 AND data = 2", "n = 1 AND n = 2", "n = 1 OR n = 3", "n = 1 AND n > 0", "n > 1 AND n >= 2", "n < 1", "n <> 1",
        "n >= 4294967295", "n > 4294967295", "n < 0", "n = 1 AND (data = 1 OR data = 2)", "n = 1 AND data <> 1",
    ):  # fmt: skip
        yield f"SELECT * FROM btree_u_32 WHERE {condition}"
        yield f"SELECT COUNT(*) AS c FROM btree_u_32 WHERE {condition}"


def _limits_of_size() -> Iterator[Step]:
    for depth in (46, 47, 48, 49):
        yield f"SELECT n FROM pk_u_32 WHERE {'(' * depth}n = 1{')' * depth}"
        yield f"SELECT n FROM pk_u_32 WHERE n = {'(' * depth}1{')' * depth}"
        yield f"DELETE FROM one_u_16 WHERE {'(' * depth}n = 7{')' * depth}"
    for terms in (1599, 1600):
        yield "SELECT n FROM pk_u_32 WHERE n=1" + " OR n=1" * terms
        yield "SELECT n FROM pk_u_32 WHERE (n=1" + " AND n=1" * (terms - 1) + ")"
    for terms in (1600, 1601):
        yield "SELECT n FROM pk_u_32 WHERE true" + "=true" * terms
    for length in (50_000, 50_001):
        yield "SELECT n FROM pk_u_32 --".ljust(length, "x")
        yield "SELECT n FROM pk_u_32 --".ljust(length - 1, "x").replace("x", "é", 1)


def _permissions() -> Iterator[Step]:
    for sql in (
        "SELECT * FROM pk_u_32", "SELECT * FROM indexed_table", "SELECT * FROM nope", "INSERT INTO pk_u_32 (n, data) VALUES (1000, 1)",
        "INSERT INTO indexed_table (player_id) VALUES (1)", "UPDATE pk_u_32 SET data = 1", "DELETE FROM pk_u_32", "DELETE FROM nope",
        "SELECT data FROM pk_identity WHERE i = :sender", "SET row_limit = 5", "SHOW row_limit", "SELECT x.n FROM pk_u_32 x JOIN indexed_table y",
        "INSERT INTO pk_u_32 (n) VALUES (1)", "SET foo = 5",
    ):  # fmt: skip
        yield AsOther(sql)
    yield "INSERT INTO indexed_table (player_id) VALUES (1)"
    yield "SELECT * FROM indexed_table"
    yield "SELECT data FROM pk_identity WHERE i = :sender"


def _row_security() -> Iterator[Step]:
    """Others see their own rows of ``users``, and all rows of ``one_u_8``."""
    yield "INSERT INTO users (identity, name) VALUES (0x{owner}, 'owner'), (0x{other}, 'other')"
    for sql in (
        "SELECT * FROM users", "SELECT name FROM users", "SELECT u.name FROM users u", "SELECT COUNT(*) AS n FROM users",
        "SELECT name FROM users WHERE name = 'owner'", "SELECT name FROM users WHERE name = 'owner' OR name = 'other'",
        "SELECT * FROM users LIMIT 1", "SELECT COUNT(*) AS n FROM users LIMIT 0", "SELECT * FROM one_u_8", "SELECT n FROM one_u_8 WHERE n > 1",
        "SELECT p.data FROM pk_identity p JOIN users u ON p.i = u.identity", "SELECT u.* FROM pk_identity p JOIN users u ON p.i = u.identity",
        "SELECT a.name FROM users a JOIN users b ON a.identity = b.identity", "SELECT u.name, o.n FROM users u JOIN one_u_8 o",
        "SELECT COUNT(*) AS n FROM users u JOIN one_u_8 o", "SELECT users.* FROM users JOIN pk_identity ON users.identity = pk_identity.i WHERE pk_identity.data = 2",
    ):  # fmt: skip
        yield sql
        yield AsOther(sql)


def _variables() -> Iterator[Step]:
    yield from ("SHOW row_limit", "SHOW row_limit;", "SHOW 'row_limit'", 'SHOW "row_limit"', "SHOW foo", "SHOW row_limit extra",
                "SHOW ROW_LIMIT", "SHOW", "SHOW TABLES", "SHOW row_limit = 5", "SHOW row_limit END", "SET foo = 5",
                "SET row_limit = '5'", "SET row_limit = true", "SET row_limit = 0x5", "SET row_limit = -5", "SET row_limit = 1, 2",
                "SET LOCAL row_limit = 5", "SET row_limit", "SET row_limit 5", "SET row_limit =", "SET row_limit = (5)", "SET row_limit = 1.5",
                "SET row_limit = n", "SET ROW_LIMIT = 5", "SET TIME ZONE 'x'", "SET ROLE x", "SET row_limit = :sender")  # fmt: skip
