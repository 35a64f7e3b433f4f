"""What could be typed next in a statement: tables, columns of its tables, keywords."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from stdbpy.cli.shell.names import SYSTEM_TABLES, Names
from stdbpy.sql.keywords import FUNCTIONS_WITHOUT_PARENTHESES, NO_TABLE_ALIAS, STARTS_OF_EXPRESSIONS
from stdbpy.sql.tokens import Kind, Token, scan


@dataclass(frozen=True, slots=True)
class Suggestion:
    text: str
    replaces: int
    """How many characters in front of the cursor it stands for."""
    kind: str
    """``table``, ``column``, ``keyword``, ``command``, …: shown beside it."""


_TABLE_COMES = frozenset({"FROM", "JOIN", "INTO", "UPDATE"})
_COLUMN_COMES = frozenset({"SELECT", "WHERE", "ON", "AND", "OR", "SET"})
_NOTHING_COMES = frozenset({"AS", "LIMIT"})
_STARTS = ("SELECT", "INSERT INTO", "UPDATE", "DELETE FROM", "SET", "SHOW")
_IN_EXPRESSIONS = ("TRUE", "FALSE", ":sender")
_FOLLOWERS: dict[str, tuple[str, ...]] = {
    "SELECT": ("FROM", "AS"),
    "INSERT": ("INTO",),
    "DELETE": ("FROM",),
    "CROSS": ("JOIN",),
    "INNER": ("JOIN",),
    "FROM": ("WHERE", "JOIN", "CROSS JOIN", "AS", "LIMIT"),
    "JOIN": ("ON", "AS", "WHERE", "JOIN", "LIMIT"),
    "ON": ("WHERE", "JOIN", "LIMIT"),
    "WHERE": ("AND", "OR", "LIMIT"),
    "UPDATE": ("SET",),
    "SET": ("WHERE",),
    "INTO": ("VALUES",),
}
"""What may come behind something whole, by the clause that it is in."""
_CLAUSES = frozenset(_FOLLOWERS) | {"VALUES", "LIMIT"}
_NO_COLUMNS = STARTS_OF_EXPRESSIONS | FUNCTIONS_WITHOUT_PARENTHESES | NO_TABLE_ALIAS | _CLAUSES
_NO_TABLES = frozenset({"LATERAL", "TABLE", "UNNEST", "VALUES", "SELECT"})
"""Words that do not name a column, or a table, unless they are in quotes."""


def suggestions(before: str, behind: str, names: Names) -> list[Suggestion]:
    """What fits between the texts before and behind the cursor, the likeliest first."""
    tokens = _last_statement(scan(before)[:-1])
    if tokens and tokens[-1].kind is Kind.UNCLOSED:
        return []
    whole = [*tokens, *_first_statement(scan(behind)[:-1])]
    typed = _name_before(before, tokens)
    left = tokens[: len(tokens) - len(typed)]
    text = "".join(token.text for token in typed)
    lower = _likes_lower_case(text, tokens)

    found: list[Suggestion] = []

    def offer(texts: Iterable[str], kind: str, typed: str, replaces: int) -> None:
        for candidate in texts:
            is_new = all(candidate != other.text for other in found)
            if is_new and candidate.strip('"').casefold().startswith(typed.casefold()):
                found.append(Suggestion(candidate, replaces, kind))

    tables = _tables_of(whole)
    is_qualified = any(token.text == "." for token in typed)
    if is_qualified and not _expects_table(left):
        owner, _, begun = text.rpartition(".")
        offer(map(_quoted_part, names.tables.get(tables.get(owner, owner), ())), "column", begun, len(begun))
        return found
    replaces = len(before) - typed[0].start if typed else 0
    for kind, texts in _expected(left, tables, names, text):
        offer([word.lower() for word in texts] if kind == "keyword" and lower else texts, kind, text, replaces)
    return found


def _quoted(word: str, taken: frozenset[str]) -> str:
    return _quoted_part(word) if word.upper() not in taken else f'"{word}"'


def _quoted_part(word: str) -> str:
    """A part of a name as it can stand behind a dot."""
    tokens = scan(word)
    is_plain = len(tokens) == 2 and tokens[0].kind is Kind.WORD and tokens[0].text == word
    return word if is_plain else '"{}"'.format(word.replace('"', '""'))


def quoted_column(name: str) -> str:
    """The column's name as it can stand in a statement, in quotes if it must."""
    return _quoted(name, _NO_COLUMNS)


def quoted_table(name: str) -> str:
    """The same for a table, of which the name may have parts."""
    return ".".join(_quoted(part, _NO_TABLES) for part in name.split("."))


def _expected(
    left: Sequence[Token], tables: dict[str, str], names: Names, typed: str
) -> Iterator[tuple[str, Iterable[str]]]:
    """Kinds and texts of what may come behind the tokens ``left``."""
    if not left:
        yield "keyword", _STARTS
        return
    last, clause = left[-1], _clause_of(left)
    if _expects_table(left):
        yield "table", map(quoted_table, names.tables)
        if typed.casefold().startswith("st_"):
            yield "table", SYSTEM_TABLES
        return
    if last.keyword in _NOTHING_COMES or clause in ("VALUES", "LIMIT"):
        return
    is_behind_symbol = last.kind is Kind.SYMBOL and last.text not in (")", "*")
    if not (is_behind_symbol or last.keyword in _COLUMN_COMES):
        yield "keyword", _FOLLOWERS.get(clause, ())
        return
    # While the statement names no table, the column's beginning may tell.
    known = [table for table in tables.values() if table in names.tables] or (list(names.tables) if typed else [])
    yield "column", [quoted_column(column) for table in known for column in names.tables[table]]
    if clause == "SELECT":
        yield "function", ("COUNT(*) AS ",)
    if clause == "SELECT" or len(tables) > 1:
        yield "table", [f"{_quoted(alias, _NO_COLUMNS)}." if "." not in alias else f"{alias}." for alias in tables]
    if clause in ("WHERE", "ON", "SET") and is_behind_symbol and last.text not in ("(", ","):
        yield "keyword", _IN_EXPRESSIONS


def _clause_of(tokens: Sequence[Token]) -> str:
    return next((token.keyword for token in reversed(tokens) if token.keyword in _CLAUSES), "")


def _expects_table(left: Sequence[Token]) -> bool:
    if not left:
        return False
    if left[-1].keyword in _TABLE_COMES:
        return True
    return left[-1].text == "," and _clause_of(left) == "FROM"


def _tables_of(tokens: Sequence[Token]) -> dict[str, str]:
    """The tables that a statement names, by alias and by name."""
    tables: dict[str, str] = {}
    place = 0
    while place < len(tokens):
        if not _expects_table(tokens[: place + 1]):
            place += 1
            continue
        place += 1
        parts = []
        while place < len(tokens) and tokens[place].is_name and tokens[place].keyword not in _CLAUSES:
            parts.append(tokens[place].text)
            place += 1
            if place < len(tokens) and tokens[place].text == ".":
                place += 1
            else:
                break
        if not parts:
            continue
        if place < len(tokens) and tokens[place].keyword == "AS":
            place += 1
        alias = tokens[place] if place < len(tokens) else None
        has_alias = alias is not None and alias.is_name and alias.keyword not in NO_TABLE_ALIAS | _CLAUSES
        name = ".".join(parts)
        tables[alias.text if alias is not None and has_alias else name] = name
    return tables


def _name_before(before: str, tokens: Sequence[Token]) -> list[Token]:
    """The name that ends at the cursor, with its dots."""
    if not tokens or tokens[-1].end != len(before):
        return []
    first = len(tokens)
    end = len(before)
    while (
        first and tokens[first - 1].end == end and (tokens[first - 1].is_name or tokens[first - 1].text in (".", ":"))
    ):
        first -= 1
        end = tokens[first].start
    return list(tokens[first:])


def _last_statement(tokens: Sequence[Token]) -> list[Token]:
    ends = [place for place, token in enumerate(tokens) if token.kind is Kind.SYMBOL and token.text == ";"]
    return list(tokens[ends[-1] + 1 :] if ends else tokens)


def _first_statement(tokens: Sequence[Token]) -> list[Token]:
    ends = [place for place, token in enumerate(tokens) if token.kind is Kind.SYMBOL and token.text == ";"]
    return list(tokens[: ends[0]] if ends else tokens)


def _likes_lower_case(text: str, tokens: Sequence[Token]) -> bool:
    """Whether keywords are written small here: as the one that is begun, else as the first of the statement."""
    sample = text or next((token.text for token in tokens if token.keyword), "")
    return sample.islower()
