"""Words that are not plain names where they stand unquoted, and why statements with them are refused.

Source: ``sqlparser`` 0.38 (PostgreSQL dialect), the parser of SpacetimeDB 2.8.3; each word here was
tried on the real server.
"""

from __future__ import annotations

_NEVER_AN_ALIAS = frozenset(
    {
        "WITH", "EXPLAIN", "ANALYZE", "SELECT", "WHERE", "GROUP", "SORT", "HAVING", "ORDER", "TOP", "LATERAL", "VIEW",
        "LIMIT", "OFFSET", "FETCH", "UNION", "EXCEPT", "INTERSECT", "CLUSTER", "DISTRIBUTE", "END",
    }
)  # fmt: skip

NO_COLUMN_ALIAS = _NEVER_AN_ALIAS | {"FROM", "INTO"}
"""May follow a column, but not as its alias (unless behind AS)."""

NO_TABLE_ALIAS = _NEVER_AN_ALIAS | {
    "PIVOT", "ON", "JOIN", "INNER", "CROSS", "FULL", "LEFT", "RIGHT", "NATURAL", "USING", "OUTER", "SET", "QUALIFY",
    "WINDOW", "PARTITION",
}  # fmt: skip
"""May follow a table, but not as its alias (unless behind AS)."""

FUNCTIONS_WITHOUT_PARENTHESES = frozenset(
    {
        "CURRENT_CATALOG", "CURRENT_USER", "SESSION_USER", "USER", "CURRENT_TIMESTAMP", "CURRENT_TIME", "CURRENT_DATE",
        "LOCALTIME", "LOCALTIMESTAMP",
    }
)  # fmt: skip

STARTS_OF_EXPRESSIONS = frozenset(
    {
        "CASE", "CAST", "TRY_CAST", "SAFE_CAST", "EXISTS", "EXTRACT", "CEIL", "FLOOR", "POSITION", "SUBSTRING",
        "OVERLAY", "TRIM", "INTERVAL", "LISTAGG", "ARRAY_AGG", "NOT", "NULL",
    }
)  # fmt: skip
"""Begin an expression that is refused, so that a column of this name must be quoted or qualified."""

TYPE_NAMES = frozenset(
    {
        "BOOLEAN", "BOOL", "FLOAT", "REAL", "FLOAT4", "FLOAT8", "DOUBLE", "TINYINT", "INT2", "SMALLINT", "MEDIUMINT",
        "INT", "INT4", "INTEGER", "BIGINT", "INT8", "VARCHAR", "NVARCHAR", "CHARACTER", "CHAR", "CLOB", "BINARY",
        "VARBINARY", "BLOB", "UUID", "DATE", "DATETIME", "TIMESTAMP", "TIMESTAMPTZ", "TIME", "TIMETZ", "JSON",
        "REGCLASS", "STRING", "TEXT", "BYTEA", "NUMERIC", "DECIMAL", "DEC", "BIGNUMERIC", "BIGDECIMAL",
    }
)  # fmt: skip
"""Followed by a string, or by a word in a select list, they make a constant of that type."""

OPERATOR_WORDS = frozenset(
    {"IS", "IN", "BETWEEN", "LIKE", "ILIKE", "SIMILAR", "XOR", "DIV", "OPERATOR", "COLLATE"}
)  # fmt: skip
"""Operators that are refused. NOT is one too in front of IN, BETWEEN, LIKE, ILIKE or SIMILAR."""

NEGATED_BY_NOT = frozenset({"IN", "BETWEEN", "LIKE", "ILIKE", "SIMILAR"})

AFTER_A_COLUMN = NO_COLUMN_ALIAS | NO_TABLE_ALIAS | OPERATOR_WORDS | {"AS", "AND", "OR", "NOT", "AT", "FILTER"}
"""Keywords that go on with the statement behind a column."""

OTHER_STATEMENTS = frozenset(
    {
        "ALTER", "ANALYZE", "ASSERT", "BEGIN", "CACHE", "CLOSE", "COMMENT", "COMMIT", "COPY", "CREATE", "DEALLOCATE",
        "DECLARE", "DESCRIBE", "DISCARD", "DROP", "EXECUTE", "EXPLAIN", "FETCH", "GRANT", "KILL", "MERGE", "MSCK",
        "PREPARE", "REVOKE", "ROLLBACK", "SAVEPOINT", "START", "TRUNCATE", "UNCACHE", "USE", "VALUES", "WITH",
    }
)  # fmt: skip

_NO_SORTING = "Sort the rows in the program that asks for them."
_NO_GROUPS = "Count with one statement per group, or in the program that asks."

HINTS = {
    "ORDER": _NO_SORTING,
    "SORT": _NO_SORTING,
    "GROUP": _NO_GROUPS,
    "HAVING": _NO_GROUPS,
    "DISTINCT": "Drop double rows in the program that asks for them.",
    "OFFSET": "Ask for a range of an indexed column instead: WHERE id > 100 LIMIT 50.",
    "FETCH": "Write LIMIT.",
    "LEFT": "Only JOIN (inner) and CROSS JOIN are.",
    "RIGHT": "Only JOIN (inner) and CROSS JOIN are.",
    "FULL": "Only JOIN (inner) and CROSS JOIN are.",
    "OUTER": "Only JOIN (inner) and CROSS JOIN are.",
    "NATURAL": "Write JOIN … ON a.x = b.y.",
    "USING": "Write ON a.x = b.y.",
    "NOT": "Write the opposite: <> for =, >= for <, column = false.",
    "IN": "Write column = 1 OR column = 2.",
    "BETWEEN": "Write column >= 1 AND column <= 9.",
    "IS": "Options cannot be tested in SQL; ask for the rows and look there.",
    "NULL": "There is no NULL in SpacetimeDB; options cannot be written in SQL.",
    "LIKE": "Strings can be compared with = <> < <= > >= only.",
    "ILIKE": "Strings can be compared with = <> < <= > >= only.",
    "UNION": "Send one statement per table.",
    "WITH": "Subqueries are not supported either.",
    "RETURNING": "Select the rows afterwards.",
    "CREATE": "Tables come from the module: change its code and publish it.",
    "ALTER": "Tables come from the module: change its code and publish it.",
    "DROP": "Tables come from the module: change its code and publish it.",
    "TRUNCATE": "Write DELETE FROM table.",
    "BEGIN": "Every statement is a transaction of its own; several changes at once are a reducer's work.",
    "COMMIT": "Every statement is a transaction of its own.",
}
"""What to do instead, by the word that is not supported."""
