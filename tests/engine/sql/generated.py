"""Random statements over a few tables of ``sdk_test``, good ones and bad ones.

A good one comes from a small grammar; a bad one is a good one in which a few words were dropped,
doubled, swapped or replaced.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

_COLUMNS = {
    "pk_u_32": {"n": "unsigned", "data": "signed"},
    "unique_u_32": {"n": "unsigned", "data": "signed"},
    "btree_u_32": {"n": "unsigned", "data": "signed"},
    "pk_string": {"s": "string", "data": "signed"},
    "pk_identity": {"i": "identity", "data": "signed"},
    "one_bool": {"b": "bool"},
    "one_f_64": {"f": "float"},
    "one_i_32": {"n": "signed"},
    "vec_u_8": {"n": "bytes"},
    "one_timestamp": {"t": "timestamp"},
    "option_i_32": {"n": "option"},
    "indexed_table": {"player_id": "unsigned"},
    "indexed_table_2": {"player_id": "unsigned", "player_snazz": "single"},
    "pk_u_32_two": {"n": "unsigned", "data": "signed"},
    "unique_u_8": {"n": "byte", "data": "signed"},
    "pk_u_8": {"n": "byte", "data": "signed"},
    "pk_i_64": {"n": "long", "data": "signed"},
    "unique_i_64": {"n": "long", "data": "signed"},
    "pk_u_256": {"n": "huge", "data": "signed"},
    "one_u_256": {"n": "huge"},
    "one_i_128": {"n": "wide"},
    "pk_bool": {"b": "bool", "data": "signed"},
    "unique_string": {"s": "string", "data": "signed"},
    "unique_identity": {"i": "identity", "data": "signed"},
    "pk_connection_id": {"a": "connection", "data": "signed"},
    "one_connection_id": {"a": "connection"},
    "unique_uuid": {"u": "uuid", "data": "signed"},
    "pk_uuid": {"u": "uuid", "data": "signed"},
}
"""The kinds of the columns of each table of the module."""
_SYSTEM_COLUMNS = {
    "st_table": {"table_id": "unsigned", "table_name": "string", "table_access": "string"},
    "st_column": {"table_id": "unsigned", "col_name": "string"},
    "st_scheduled": {"table_id": "unsigned", "reducer_name": "string"},
}
"""Of some of the server's own tables, which are only read."""
_LITERALS = {
    "unsigned": ("0", "1", "2", "3", "5", "9", "70000", "+1", "1.0", "1e1", "'1'", "4294967295"),
    "signed": ("0", "1", "-1", "-30", "10", "20", "100", "300", "1.0", "-2147483648", "2147483647"),
    "string": ("'a'", "''", "'b'", "'B'", "'aa'", "'ä'", "'zz'", "5"),
    "identity": (":sender", "0x" + "00" * 32, "'" + "00" * 31 + "01'"),
    "bool": ("true", "false", "TRUE"),
    "float": ("0", "0.1", "-2.5e-3", "1e400", "-1e400", ".5", "100"),
    "bytes": ("0x", "0x0102", "X'AbCd'", "0x00", ":sender"),
    "timestamp": ("'2025-02-10T15:45:30Z'", "'1970-01-01 00:00:00Z'", "'0001-01-01T00:00:00+00:00'"),
    "option": ("1", "'some'"),
    "byte": ("0", "1", "2", "255", "256", "-1", "2.0", "1e2", "25.5e1"),
    "long": ("0", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1e18", "5"),
    "huge": ("0", "1e70", "1e77", "1e78", "-1", "0x0a", "115792089237316195423570985008687907853269984665640564039457"),
    "wide": ("0", "-1", "1e38", "-1e38", "170141183460469231731687303715884105727", "2e38"),
    "single": ("0", "0.1", "1e39", "-1e-50", "16777217", "-0.0", "1.5"),
    "connection": ("0x" + "00" * 16, "0x" + "00" * 15 + "01", "'" + "00" * 15 + "02'", "0x01", ":sender", "1"),
    "uuid": ("'00000000-0000-0000-0000-000000000001'", "0x" + "00" * 15 + "01", "'" + "0" * 31 + "2'", "0x02", "1"),
}
_ANY_LITERAL = tuple(literal for literals in _LITERALS.values() for literal in literals)
_VOCABULARY = """
    SELECT FROM WHERE AND OR NOT LIMIT ALL JOIN ON AS COUNT VALUES INTO INSERT DELETE UPDATE IN IS NULL ORDER BY CROSS
    INNER LEFT USING DISTINCT OFFSET ANY END n x y data text user end set int pk_u_32 pk_u32 ( ) , * . = == < <> != ; '
    -- /* */ : - + 'x' x.n 1L $1 @ \\ " "n"
"""
_WORDS = (*_ANY_LITERAL, *_VOCABULARY.split())
_CHARACTERS = "'\"()*,.;:=<>!-+/0159aenxELX_ \n\t$é"
_OPERATORS = ("=", "=", "=", "<", "<=", ">", ">=", "<>", "!=", "==")


class Statements:
    """The same statements for the same ``seed``: over all tables, or over ``few`` that are drawn."""

    def __init__(self, seed: int, few: int | None = None) -> None:
        self._random = random.Random(seed)
        names = list(_COLUMNS) if few is None else self._random.sample(list(_COLUMNS), few)
        self._changed = {name: _COLUMNS[name] for name in names}
        self._read = {**self._changed, **_SYSTEM_COLUMNS}

    def __iter__(self) -> Iterator[str]:
        while True:
            words = self._statement()
            if self._one_in(3):
                for _ in range(self._random.choice((1, 1, 2))):
                    self._spoil(words)
            text = " ".join(words)
            yield self._with_a_slip(text) if self._one_in(8) else text

    def selects(self) -> Iterator[str]:
        """Queries alone."""
        return (text for text in self if text.startswith("SELECT"))

    def rows(self) -> Iterator[str]:
        """A few rows for each table of the module."""
        for table, columns in self._changed.items():
            for _ in range(4):
                values = ", ".join(self._random.choice(_LITERALS[kind]) for kind in columns.values())
                yield f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"

    def change(self) -> str:
        """A change that is mostly in order."""
        kinds = (self._insert, self._insert, self._insert, self._update, self._delete)
        return " ".join(self._random.choice(kinds)())

    def subscription(self) -> str:
        """A query that one might subscribe to: whole rows of one table, perhaps joined with another one."""
        tables = [self._random.choice(list(self._read))]
        aliases = ["x", "y"]
        words = [tables[0], "x"]
        if self._one_in(2):
            kinds = set(self._read[tables[0]].values())
            tables.append(
                self._random.choice([t for t, columns in self._read.items() if kinds & set(columns.values())])
            )
            pair = self._pair(("x", tables[0]), ("y", tables[1]))
            words += ["JOIN", tables[1], "y", "ON", pair[0], "=", pair[1]]
        scope = list(zip(aliases, tables, strict=False))
        where = ["WHERE", *self._condition(scope, 2)] if self._one_in(2) else []
        return " ".join(["SELECT", f"{self._random.choice(scope)[0]}.*", "FROM", *words, *where])

    def _one_in(self, chances: int) -> bool:
        return self._random.randrange(chances) == 0

    def _spoil(self, words: list[str]) -> None:
        place = self._random.randrange(len(words))
        match self._random.randrange(5):
            case 0 if len(words) > 1:
                del words[place]
            case 1:
                words.insert(place, words[place])
            case 2:
                other = self._random.randrange(len(words))
                words[place], words[other] = words[other], words[place]
            case 3:
                words.insert(place, self._random.choice(_WORDS))
            case _:
                words[place] = self._random.choice(_WORDS)

    def _with_a_slip(self, text: str) -> str:
        """One character more, less, or another."""
        place = self._random.randrange(len(text))
        new = self._random.choice(("", self._random.choice(_CHARACTERS)))
        return text[:place] + new + text[place + self._random.randrange(2) :]

    def _statement(self) -> list[str]:
        match self._random.randrange(12):
            case 0:
                return self._insert()
            case 1:
                return self._update()
            case 2:
                return self._delete()
            case _:
                return self._select()

    def _select(self) -> list[str]:
        tables = [self._random.choice(list(self._read)) for _ in range(self._random.choice((1, 1, 1, 2, 2, 3)))]
        aliases = ["x", "y", "z"][: len(tables)]
        if len(tables) == 1 and self._one_in(2):
            aliases = tables
        from_words = [tables[0], *([aliases[0]] if aliases[0] != tables[0] else [])]
        for number in range(1, len(tables)):
            from_words += ["JOIN", tables[number], aliases[number]]
            if not self._one_in(6):
                other = self._random.randrange(number)
                pair = self._pair((aliases[number], tables[number]), (aliases[other], tables[other]))
                from_words += ["ON", pair[0], "=", pair[1]]
        scope = list(zip(aliases, tables, strict=True))
        words = ["SELECT", *self._wanted(scope), "FROM", *from_words]
        if not self._one_in(4):
            words += ["WHERE", *self._condition(scope, 2)]
        if self._one_in(8):
            words += ["LIMIT", self._random.choice(("0", "1", "2", "100", "1e1", "ALL"))]
        return words

    def _pair(self, left: tuple[str, str], right: tuple[str, str]) -> list[str]:
        """Two columns to join on, nearly always of one kind if there are any."""
        pairs = [
            (f"{left[0]}.{a}", f"{right[0]}.{b}")
            for a, kind in self._read[left[1]].items()
            for b, other in self._read[right[1]].items()
            if kind == other or self._one_in(10)
        ]
        return self._shuffled(self._random.choice(pairs or [(f"{left[0]}.n", f"{right[0]}.n")]))

    def _literal(self, kind: str) -> str:
        return self._random.choice(_ANY_LITERAL if self._one_in(15) else _LITERALS[kind])

    def _shuffled(self, pair: tuple[str, str]) -> list[str]:
        return self._random.sample(pair, 2)

    def _wanted(self, scope: list[tuple[str, str]]) -> list[str]:
        alias, _ = self._random.choice(scope)
        match self._random.randrange(5):
            case 0:
                return ["COUNT(*)", "AS", "c"]
            case 1 if len(scope) == 1:
                return ["*"]
            case 2 | 1:
                return [f"{alias}.*"]
            case _:
                columns = [self._column(scope)[0] for _ in range(self._random.choice((1, 1, 2)))]
                words: list[str] = []
                for number, column in enumerate(columns):
                    words += [column, *(["AS", f"c{number}"] if self._one_in(2) else []), ","]
                return words[:-1]

    def _column(self, scope: list[tuple[str, str]]) -> tuple[str, str]:
        """A column and its kind."""
        alias, table = self._random.choice(scope)
        column, kind = self._random.choice(list(self._read[table].items()))
        return (column if len(scope) == 1 and self._one_in(2) else f"{alias}.{column}"), kind

    def _condition(self, scope: list[tuple[str, str]], depth: int) -> list[str]:
        match self._random.randrange(8):
            case 0 | 1 if depth:
                return [*self._condition(scope, depth - 1), "AND", *self._condition(scope, depth - 1)]
            case 2 if depth:
                return [*self._condition(scope, depth - 1), "OR", *self._condition(scope, depth - 1)]
            case 3 if depth:
                return ["(", *self._condition(scope, depth - 1), ")"]
            case 4:
                column, kind = self._column(scope)
                others = [other for other in (self._column(scope) for _ in range(4)) if other[1] == kind]
                return [column, self._random.choice(_OPERATORS), (others or [(column, kind)])[0][0]]
            case _:
                column, kind = self._column(scope)
                operands = [column, self._literal(kind)]
                if self._one_in(6):
                    operands.reverse()
                return [operands[0], self._random.choice(_OPERATORS), operands[1]]

    def _insert(self) -> list[str]:
        table = self._random.choice(list(self._changed))
        columns = self._changed[table]
        rows: list[str] = []
        for _ in range(self._random.choice((1, 1, 2))):
            values = [self._literal(kind) for kind in columns.values()]
            rows += ["(", *" , ".join(values).split(" "), ")", ","]
        return ["INSERT", "INTO", table, "(", *" , ".join(columns).split(" "), ")", "VALUES", *rows[:-1]]

    def _update(self) -> list[str]:
        table = self._random.choice(list(self._changed))
        column, kind = self._random.choice(list(self._changed[table].items()))
        return ["UPDATE", table, "SET", column, "=", self._literal(kind), *self._where(table)]

    def _delete(self) -> list[str]:
        table = self._random.choice(list(self._changed))
        return [
            "DELETE",
            "FROM",
            table,
            "WHERE",
            *self._condition([(table, table)], 1),
            "AND",
            *self._condition([(table, table)], 0),
        ]

    def _where(self, table: str) -> list[str]:
        return ["WHERE", *self._condition([(table, table)], 1)] if not self._one_in(5) else []
