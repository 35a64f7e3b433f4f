# ruff: noqa: E501  # a list of statements is read best with many in a line
"""Conditions on the tables of ``sdk_test``: operators, and literals for every type."""

from __future__ import annotations

from collections.abc import Iterator

from tests.engine.sql.steps import ONE, Step


def conditions() -> Iterator[Step]:
    yield from _conditions()
    yield from _literals_by_type()
    yield from _literal_forms()


def _conditions() -> Iterator[Step]:
    for condition in (
        "n = 2", "n == 2", "n <> 2", "n != 2", "n < 2", "n <= 2", "n > 2", "n >= 2", "2 = n", "2 < n", "2 >= n", "2 <> n",
        "n = data", "n = n", "n < n", "data <= data", "true", "false", "TRUE", "True", "1", "0", "'true'", "n", "data",
        "true = true", "true <> false", "false < true", "1 = 1", "'a' = 'a'", "1 = true", "true = 1", ":sender = :sender",
        ":sender = true", ":sender", "n = :sender", "(n = 1) = true", "true = (n = 1)", "n < 2 = true", "true = n < 2",
        "n = 1 = true = false", "n = 1 = (data = 10)", "(n = 1) <> (data = 10)", "(n) = (1)", "((n)) = ((1))",
        "n = 1 AND data = 10", "n = 1 OR data = 20", "n = 1 OR n = 2 AND data = 10", "(n = 1 OR n = 2) AND data = 10",
        "n = 1 AND true", "n = 1 OR false", "n = 1 AND false", "true AND true OR false", "n = 1 AND n = 2",
        "n > 1 AND n < 4", "n >= 1 AND n <= 3 AND data > 0", "n > 1 AND n > 2", "n < 3 AND n < 2", "n > 5 AND n < 2",
        "data = 10 OR data = -30 OR n = 2", "(n = 1)", "((n = 1))", "(true)", "n=1AND data=10", "n=1and(data=10)",
        "NOT n = 2", "NOT (n = 2)", "NOT true", "n IS NULL", "n IS NOT NULL", "n = NULL", "true IS TRUE", "n IN (1, 2)",
        "n NOT IN (1)", "n BETWEEN 1 AND 2", "n NOT BETWEEN 1 AND 2", "n LIKE '1'", "n + 1 = 2", "n = 1 + 1", "-n = 1",
        "n % 2 = 0", "n = ANY (1)", "n = ALL (1)", "EXISTS (SELECT 1)", "n = (SELECT 1)", "n = (1, 2)", "(n, data) = (1, 2)",
        "n = 1 XOR n = 2", "n || n = 1", "n = 1,", "n =", "= 1", "n 1", "n = 1 1", "AND n = 1", "n = 1 AND", "n = 1 OR",
        "n = 1 AND AND n = 1", "n => 1", "n =< 1", "n === 1", "n <=> 1", "n < > 2", "n ! = 2", "n = = 2", "n ~ 1", "n & 1",
        "pk_u_32.n = 1", "x.n = 1", "n.pk_u_32 = 1", "foo = 1", "pk_u_32.foo = 1", "a.b.c = 1", '"n" = 1', '"N" = 1',
        "N = 1", "'n' = 1", "n = '1'", "CASE WHEN true THEN true END", "count(*) = 1", "n[1] = 1", "n.data = 1", "*", "",
        "n = $1", "n = ?", "n = @x", "n = :1", "n = :n", "n = {n}", "()", "(", ")", "n = 1)", "(n = 1", "n = 1;", "true true",
        "n = 1 AND (data = 10 OR (n = 2 AND (data = 20 OR true)))", "n <> 1 AND n <> 2 AND n <> 3", "n = 1 AT TIME ZONE 'x'",
        "n = any", "n = 1 AND any", "n = 1 AND all", "n COLLATE x = 1", "n::int = 1", "n = 1::int", "INTERVAL '1'",
    ):  # fmt: skip
        yield f"SELECT n FROM pk_u_32 WHERE {condition}"
    for condition in ("b", "b = true", "b <> true", "b = b", "b < true", "b OR b", "b AND true", "(b)", "true = b", "b = 1",
                      "b = 'true'", "b = 0x1", "NOT b", "b IS TRUE", "one_bool.b", "b = (b = false)", "b = :sender"):  # fmt: skip
        yield f"SELECT b FROM one_bool WHERE {condition}"
    for table, column in (
        ("one_simple_enum", "e"), ("option_i_32", "n"), ("vec_string", "s"), ("one_unit_struct", "s"), ("vec_i_32", "n"),
        ("one_enum_with_payload", "e"), ("result_i_32_string", "r"), ("one_byte_struct", "s"), ("scheduled_table", "scheduled_at"),
        ("vec_u_16", "n"), ("vec_u_8", "n"), ("one_timestamp", "t"), ("one_uuid", "u"), ("one_identity", "i"),
        ("vec_identity", "i"), ("option_identity", "i"), ("one_connection_id", "a"), ("table_holds_table", "a"),
    ):  # fmt: skip
        for other in (column, "5", "'one'", "0x01", "true", ":sender", "''"):
            yield f"SELECT * FROM {table} WHERE {column} = {other}"


def _literals_by_type() -> Iterator[Step]:
    literals = [
        "0", "1", "-1", "+1", "100", "127", "128", "255", "256", "65536", "1.0", "1.5", "1e2", "1e-1", "100e-2", "1E+2",
        ".5", "5.", "-0", "0x10", "0xff", "X'01'", "'1'", "'-1'", "'+1'", "'1_0'", "'x'", "''", "' 1'", "true", "1e40",
        "340282366920938463463374607431768211455", "340282366920938463463374607431768211456", f"{2**256 - 1}",
        f"{2**256}", f"-{2**255}", f"-{2**255 + 1}",
    ]  # fmt: skip
    tables = [f"one_{kind}_{bits}" for bits in (8, 32, 64, 128, 256) for kind in "ui"]
    for table in tables:
        for literal in literals:
            yield f"SELECT * FROM {table} WHERE n = {literal}"
        for operator in ("<", ">=", "<>"):
            yield f"SELECT * FROM {table} WHERE n {operator} 100"
    for table in ("one_f_32", "one_f_64"):
        for literal in [*literals, "0.1", "1e400", "-1e400", "1e-400", "-2.5", "16777217", "9007199254740993", "'inf'", "'nan'",
                        "'1e5_0'", "'1._5'", "'._5'", "'1e'", "'1.2.3'", "'１'", "-2.5e-3", "'0.1'", "'1e+5'"]:  # fmt: skip
            yield f"SELECT * FROM {table} WHERE f = {literal}"
        for operator in ("<", "<=", ">", ">="):
            for literal in ("0.1", "0", "1e400", "-1e400"):
                yield f"SELECT * FROM {table} WHERE f {operator} {literal}"
    for operator in ("=", "<>", "<", "<=", ">", ">="):
        for literal in ("'a'", "''", "'B'", "'ä'", "'aa'"):
            yield f"SELECT s FROM pk_string WHERE s {operator} {literal}"
        yield f"SELECT * FROM one_identity WHERE i {operator} 0x{ONE}"
        yield f"SELECT * FROM one_identity WHERE i {operator} :sender"
        yield f"SELECT * FROM vec_u_8 WHERE n {operator} 0x0102"
        yield f"SELECT * FROM vec_u_8 WHERE n {operator} :sender"
        yield f"SELECT * FROM one_timestamp WHERE t {operator} '2025-02-10T15:45:30Z'"
        yield f"SELECT * FROM one_uuid WHERE u {operator} '0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a'"
        yield f"SELECT * FROM one_connection_id WHERE a {operator} 0x00000000000000000000000000000002"


def _literal_forms() -> Iterator[Step]:
    for literal in (
        "5", "'5'", "0x5", "0xFF", "X'FF'", "x'ff'", "'it''s'", "'back\\slash'", "'back\\\\slash'", "-5", "5.0", "true", "N'5'",
        "E'5'", "$$5$$", "$a$5$a$", '"5"', "'5' '5'", "'x' 'y'", "X 'FF'", "b'5'", "_x'5'", "U&'5'", "B'1'", "''''", "'\n'",
        "5L", "5l", "5LL", "05", "5e0", "5x", "0X5", "0xg", "0x", "0x5g", "1e", "1e5x", "１", "5_0", "1.2.3", "..5", "- 5", "+ 5",
        "--5", "-(5)", "- -5", "-'5'", "-0x5", "-true",
    ):  # fmt: skip
        yield f"SELECT s FROM one_string WHERE s = {literal}"
        yield f"SELECT n FROM pk_u_32 WHERE n = {literal}"
    for digits in ("0102", "0x0102", "0X0102", "X''0102", "010", "01 02", "", "0x", "0g", "abCD", "0102'"):
        yield f"SELECT * FROM vec_u_8 WHERE n = '{digits}'"
    for digits in (ONE, f"0x{ONE}", ONE[1:], f"{ONE}0", ONE.upper(), f"X''{ONE}", "1", ""):
        yield f"SELECT * FROM one_identity WHERE i = '{digits}'"
    yield f"SELECT * FROM one_identity WHERE i = {'1' * 64}"
    yield f"SELECT * FROM one_identity WHERE i = 0x{ONE}"
    yield f"SELECT * FROM one_identity WHERE i = X'{ONE}'"
    for sender in (":sender", ": sender", ':"sender"', ":'sender'", ":Sender", ":SENDER", "@sender", "::sender", ":sender.x",
                   "(:sender)", "sender", "':sender'"):  # fmt: skip
        yield f"SELECT * FROM one_identity WHERE i = {sender}"
        yield f"SELECT * FROM one_identity WHERE {sender} = i"
    half = "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a"
    for text in (half, half.upper(), f"{{{half}}}", f"urn:uuid:{half}", f"URN:UUID:{half}", half.replace("-", ""),
                 f"{{{half.replace('-', '')}}}", f"0x{half.replace('-', '')}", half[1:], f"{half[:8]}{half[9:]}"):  # fmt: skip
        yield f"SELECT * FROM one_uuid WHERE u = '{text}'"
    day = "2025-02-10"
    for text in (
        f"{day}T15:45:30Z", f"{day} 15:45:30Z", f"{day}t15:45:30z", f"{day}T15:45:30", f"{day}T15:45:30+00", f"{day}T15:45:30+0000",
        f"{day}T15:45:30+02:00", f"{day}T17:45:30+02:00", f"{day}T15:45:30-00:00", f"{day}T15:45:30.0000009Z", f"{day}T15:45:30.Z",
        f"{day}T15:45:29.999999Z", f"{day}T15:44:60Z", f"{day}T15:45:61Z", "2025-02-30T15:45:30Z", "2025-2-10T15:45:30Z",
        "12025-02-10T15:45:30Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", f"{day}T24:00:00Z",
        f"{day}T15:45Z", f"{day}T15:45:30+24:00", f"{day}T15:45:30+23:59", f"{day}T15:45:30+99:59", f" {day}T15:45:30Z",
        f"{day}T15:45:30Z ", f"{day}_15:45:30Z", f"{day}  15:45:30Z", f"{day}T13:45:30−02:00", day, f"+{day}T15:45:30Z",
        f"{day}T15:45:30 Z", "1970-01-01T00:00:00Z", "0001-01-01T01:00:00+01:00", "0000-12-31T23:00:00-01:00", f"{day}T15:45:30+01:60",
    ):  # fmt: skip
        yield f"SELECT * FROM one_timestamp WHERE t = '{text}'"
