"""SQL answers that arrive in pieces: the same rows however they are cut, and no more of them in memory than arrive."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.api import ApiClient, AsyncApiClient, SqlColumns, SqlPart, SqlRows, SqlSummary
from stdbpy.api.sql_stream import SqlReader, gather
from stdbpy.errors import ApiError, NotFound, ServerUnreachable, UnexpectedAnswer
from tests.api.standin import answering, http

JSON = "content-type: application/json"


def columns(*types: str) -> dict[str, Any]:
    named = [{"name": {"some": f"c{place}"}, "algebraic_type": {name: []}} for place, name in enumerate(types)]
    return {"elements": named}


def statement(width: int, rows: list[Any], **more: Any) -> dict[str, Any]:
    return {"schema": columns(*["String"] * width), "rows": rows, "total_duration_micros": 7, **more}


def read(pieces: Iterable[bytes]) -> list[SqlPart]:
    reader = SqlReader()
    parts = [part for piece in pieces for part in reader.feed(piece)]
    return [*parts, *reader.end()]


def rows_of(parts: Iterable[SqlPart]) -> list[Any]:
    return [row for part in parts if isinstance(part, SqlRows) for row in part.values]


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**127), 2**128 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    # Cuts are looked for at `],[`, which may stand in strings and in nested values too.
    | st.text(st.sampled_from('],[{}"\\é: \n'), max_size=8) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)  # fmt: skip
statements = st.integers(0, 3).flatmap(
    lambda width: st.builds(statement, st.just(width), st.lists(st.lists(values, min_size=width, max_size=width)))
)


@given(answer=st.lists(statements, max_size=3), size=st.integers(1, 50), indent=st.sampled_from([None, 1]))
def test_however_it_is_cut(answer: list[dict[str, Any]], size: int, indent: int | None) -> None:
    data = json.dumps(answer, indent=indent).encode() if indent else compact(answer)

    results = gather(read(cut(data, size)))

    assert [result.rows for result in results] == [given["rows"] for given in answer]
    assert [len(result.columns.elements) for result in results] == [
        len(given["schema"]["elements"]) for given in answer
    ]


@given(st.lists(st.lists(values, min_size=2, max_size=2), min_size=1), st.integers(1, 50))
def test_the_text_of_rows_is_the_servers(rows: list[Any], size: int) -> None:
    parts = read(cut(compact([statement(2, rows)]), size))

    texts = [part.text for part in parts if isinstance(part, SqlRows)]
    assert b"[%b]" % b",".join(texts) == compact(rows)


def test_numbers_keep_their_digits() -> None:
    data = b'[{"schema":%b,"rows":[[340282366920938463463374607431768211455,1e16,0.10]]}]'

    [_, rows, _] = read([data % compact(columns("U128", "F64", "F64"))])

    assert isinstance(rows, SqlRows)
    assert rows.values == [[2**128 - 1, 1e16, 0.1]]
    assert rows.text == b"[340282366920938463463374607431768211455,1e16,0.10]"


def test_parts_of_several_statements() -> None:
    changed = {"rows_inserted": 1, "rows_deleted": 2, "rows_updated": 3}
    parts = read(
        [compact([statement(0, [], stats=changed), statement(1, [["a"]], newer={"a": [1]}), statement(1, [])])]
    )

    assert [type(part) for part in parts] == [
        SqlColumns,
        SqlSummary,
        SqlColumns,
        SqlRows,
        SqlSummary,
        SqlColumns,
        SqlSummary,
    ]
    assert parts[1] == SqlSummary(7, 1, 2, 3)


def test_rows_are_given_before_the_answer_ends() -> None:
    reader = SqlReader()
    data = compact([statement(1, [["a"], ["b"], ["c"]])])

    assert rows_of(reader.feed(data[: data.index(b'["c"]')])) == [["a"], ["b"]]


BROKEN = {
    "nothing": b"",
    "no list": b'{"schema": []}',
    "no JSON": b"<html>",
    "rows first": b'[{"rows": [[1]], "schema": {"elements": []}}]',
    "no columns": b"[{}]",
    "columns of another kind": b'[{"schema": {"elements": 5}, "rows": []}]',
    "columns that are no object": b'[{"schema": 5}]',
    "rows that are none": b'[{"schema": {"elements": []}, "rows": 5}]',
    "a row that is none": b'[{"schema": {"elements": []}, "rows": [5, 6]}]',
    "a row of another width": b'[{"schema": {"elements": []}, "rows": [[], [1]]}]',
    "something between rows": b'[{"schema": {"elements": []}, "rows": [[] []]}]',
    "a broken value": b'[{"schema": {"elements": []}, "rows": [[truth]]}]',
    "not UTF-8": b'[{"schema": {"elements": []}, "rows": [["\xff"]]}]',
    "cut in the columns": b'[{"schema": {"elements',
    "cut in the rows": b'[{"schema": {"elements": []}, "rows": [[], [],',
    "cut in a row": b'[{"schema": {"elements": []}, "rows": [[], [',
    "cut behind the rows": b'[{"schema": {"elements": []}, "rows": []',
    "cut in a number": b'[{"schema": {"elements": []}, "total_duration_micros": 12',
    "cut behind the statement": b'[{"schema": {"elements": []}, "rows": []}',
    "more behind it": b"[] []",
    "nested without end": b'[{"schema": {"elements": []}, "x": ' + b"[" * 50_000,
}


@pytest.mark.parametrize("size", [1, 7, 1_000_000])
@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_no_answer(broken: str, size: int) -> None:
    with pytest.raises(UnexpectedAnswer, match=r"not what SpacetimeDB gives|in an unknown way"):
        read(cut(BROKEN[broken], size))


def test_rows_in_front_of_what_breaks_are_given() -> None:
    reader = SqlReader()
    data = compact([statement(1, [["a"], ["b"], ["c"]])])

    assert rows_of(reader.feed(data[: data.index(b'["c"]') + 2])) == [["a"], ["b"]]
    with pytest.raises(UnexpectedAnswer):
        list(reader.end())


def test_a_large_answer_takes_little_memory() -> None:
    rows = b",".join([b'[1,"some text"]'] * 20_000)

    def pieces() -> Iterator[bytes]:
        yield b'[{"schema":%b,"rows":[' % compact(columns("U32", "String"))
        for number in range(20):
            yield from cut(b",%b" % rows if number else rows, 65536)
        yield b"]}]"

    reader, count = SqlReader(), 0
    tracemalloc.start()
    for piece in pieces():
        for part in reader.feed(piece):
            count += len(part.values) if isinstance(part, SqlRows) else 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 400_000
    assert peak < 8_000_000


def test_one_endless_value_does_not_cost_the_square_of_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    searches = copies = 0
    search, copy = SqlReader._end_of_rows, SqlReader._join

    def counted_search(reader: SqlReader) -> int:
        nonlocal searches
        searches += 1
        return search(reader)

    def counted_copy(reader: SqlReader) -> None:
        nonlocal copies
        copies += 1
        copy(reader)

    monkeypatch.setattr(SqlReader, "_end_of_rows", counted_search)
    monkeypatch.setattr(SqlReader, "_join", counted_copy)
    data = compact([statement(1, [["x" * 4_000_000 + "],[" * 100_000]])])

    assert [type(part) for part in read(cut(data, 4096))] == [SqlColumns, SqlRows, SqlSummary]
    assert searches < 40
    assert copies < 40


# --- both drivers, over sockets ----------------------------------------------------------------


def stream_sync(url: str, **settings: Any) -> list[SqlPart]:
    with ApiClient(url, **settings) as api:
        return list(api.sql_stream("chat", "SELECT"))


def stream_async(url: str, **settings: Any) -> list[SqlPart]:
    async def run() -> list[SqlPart]:
        async with AsyncApiClient(url, **settings) as api:
            return [part async for part in api.sql_stream("chat", "SELECT")]

    return asyncio.run(run())


Stream = Callable[..., list[SqlPart]]


@pytest.fixture(params=[stream_sync, stream_async], ids=["sync", "async"])
def stream(request: pytest.FixtureRequest) -> Stream:
    driver: Stream = request.param
    return driver


def test_streams(stream: Stream) -> None:
    with answering(http(compact([statement(1, [["a"]])]), JSON)) as standin:
        parts = stream(standin.url)

    assert [type(part) for part in parts] == [SqlColumns, SqlRows, SqlSummary]
    assert standin.requests[0].startswith(b"POST /v1/database/chat/sql HTTP/1.1\r\n")


def test_refusals(stream: Stream) -> None:
    refused = http(b"sql parser error", "content-type: text/plain", status="400 Bad Request")
    with answering(refused) as standin, pytest.raises(ApiError, match="sql parser error"):
        stream(standin.url)


def test_unknown_databases(stream: Stream) -> None:
    unknown = http(b"`chat` not found", "spacetime-identity: c2", "connection: close", status="404 Not Found")
    with answering(unknown, http(b"{}", JSON)) as standin, pytest.raises(NotFound, match="no database 'chat'"):
        stream(standin.url)


def test_connections_that_end_in_the_middle(stream: Stream) -> None:
    cut_off = http(compact([statement(1, [["a"], ["b"]])])[:-10], JSON, length=5000)
    with answering(cut_off) as standin, pytest.raises(UnexpectedAnswer, match="before its answer was whole"):
        stream(standin.url)


def test_servers_that_fall_silent_in_the_middle(stream: Stream) -> None:
    begin = http(b'[{"schema":', JSON, length=5000)
    with answering(begin, hang_up="never") as standin, pytest.raises(ServerUnreachable, match=r"within 0\.2 seconds"):
        stream(standin.url, timeout=0.2)


def test_who_stops_early_hangs_up() -> None:
    answer = http(compact([statement(1, [["a"]])]), JSON, length=5000)
    with answering(answer, hang_up="never") as standin, ApiClient(standin.url) as api:
        for part in api.sql_stream("chat", "SELECT"):
            assert isinstance(part, SqlColumns)
            break
