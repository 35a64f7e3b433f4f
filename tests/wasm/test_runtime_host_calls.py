"""``_spacetimedb`` inside the runtime: what becomes of arguments, results and errors of the host's functions."""

from __future__ import annotations

import pytest

pytest.importorskip("wasmtime")

from tests.wasm.booted import Booted

RAISING = """\
class Failed(Exception):
    def __init__(self, code, message):
        self.code, self.message = code, message
host.set_error_class(Failed)
"""


@pytest.fixture
def guest() -> Booted:
    booted = Booted()
    assert booted.load()[0] == 0
    return booted


def failure(guest: Booted, call: str) -> str:
    """Code and message of the error that a call raises."""
    return guest.run(f"{RAISING}try: {call}\nexcept Failed as error: answer = f'{{error.code}} {{error.message}}'")


def test_names_and_numbers(guest: Booted) -> None:
    def table_id(name: int, length: int, out: int) -> int:
        assert guest.read(name, length) == "tür".encode()
        guest.write_number(out, 4_000_000_000)
        return 0

    guest.functions["table_id_from_name"] = table_id
    guest.functions["datastore_table_row_count"] = lambda table, out: guest.write_number(out, 1 << 40, 8) or 0

    assert guest.ask("host.table_id_from_name('tür')") == 4_000_000_000
    assert guest.ask("host.datastore_table_row_count(1)") == 1 << 40


def test_an_error_is_what_the_class_makes_of_it(guest: Booted) -> None:
    guest.functions["index_id_from_name"] = lambda *_: 5

    assert failure(guest, "host.index_id_from_name('x')") == "5 index_id_from_name"


def test_an_insert_gives_the_generated_values(guest: Booted) -> None:
    def insert(table: int, row: int, length: int) -> int:
        assert (table, guest.read(row, guest.read_number(length))) == (3, b"row")
        guest.write(row, b"id")
        guest.write_number(length, 2)
        return 0

    guest.functions["datastore_insert_bsatn"] = insert

    assert guest.ask("host.datastore_insert_bsatn(3, b'row')") == b"id"
    assert guest.ask("host.datastore_insert_bsatn(3, bytearray(b'row'))") == b"id"


def test_a_long_row(guest: Booted) -> None:
    lengths = []

    def update(table: int, index: int, row: int, length: int) -> int:
        lengths.append(guest.read_number(length))
        guest.write_number(length, 0)
        return 0

    guest.functions["datastore_update_bsatn"] = update

    assert guest.ask("host.datastore_update_bsatn(3, 4, b'x' * 300_000)") == b""
    assert lengths == [300_000]


def test_rows_that_are_refused_leave_the_bytes_alone(guest: Booted) -> None:
    guest.functions["datastore_insert_bsatn"] = lambda table, row, length: 12

    assert failure(guest, "host.datastore_insert_bsatn(3, b'row')") == "12 datastore_insert_bsatn"
    assert guest.run("try: host.datastore_insert_bsatn(3, 'row')\nexcept TypeError as e: answer = str(e)") == (
        "bytes or a bytearray is needed, not str"
    )


class Rows:
    """Iterators of the host over given chunks, from number 0."""

    def __init__(self, guest: Booted, chunks: list[bytes]) -> None:
        self.guest = guest
        self.chunks = list(chunks)
        self.closed: list[int] = []
        guest.functions |= {
            "datastore_table_scan_bsatn": lambda table, out: guest.write_number(out, 0) or 0,
            "row_iter_bsatn_advance": self.advance,
            "row_iter_bsatn_close": lambda iterator: self.closed.append(iterator) or 0,
        }

    def advance(self, iterator: int, buffer: int, length_at: int) -> int:
        chunk = self.chunks[0] if self.chunks else b""
        if len(chunk) > self.guest.read_number(length_at):
            self.guest.write_number(length_at, len(chunk))
            return 11
        self.guest.write(buffer, chunk)
        self.guest.write_number(length_at, len(chunk))
        del self.chunks[:1]
        return 0 if self.chunks else -1


def test_a_scan_gives_chunks(guest: Booted) -> None:
    rows = Rows(guest, [b"ab", b"c" * 200_000, b"d"])

    assert guest.ask("[len(chunk) for chunk in host.datastore_table_scan_bsatn(1)]") == [2, 200_000, 1]
    assert rows.closed == []


def test_a_scan_of_no_rows(guest: Booted) -> None:
    Rows(guest, [])

    assert guest.ask("list(host.datastore_table_scan_bsatn(1))") == []


def test_a_scan_that_is_dropped_is_closed(guest: Booted) -> None:
    rows = Rows(guest, [b"a", b"b"])

    assert guest.ask("next(host.datastore_table_scan_bsatn(1))") == b"a"
    assert rows.closed == [0]


@pytest.mark.parametrize(
    "keeping",
    [
        "import builtins\nbuiltins.kept = [{scan}, {scan}]",
        "cycle = [{scan}]\ncycle.append(cycle)\nother = [{scan}]\nother.append(other)",
        "dropped = [{scan}, {scan}, {scan}]\ndel dropped[1]\nimport builtins\nbuiltins.kept = dropped",
    ],
    ids=["global", "cycle", "some dropped"],
)
def test_scans_that_a_call_leaves_open_are_closed_at_its_end(guest: Booted, keeping: str) -> None:
    rows = Rows(guest, [b"a", b"b"])

    guest.run(keeping.format(scan="host.datastore_table_scan_bsatn(1)"))

    assert rows.closed == [0] * keeping.count("{scan}")
    guest.run("import builtins, gc\nvars(builtins).pop('kept', None)\ngc.collect()")
    assert rows.closed == [0] * keeping.count("{scan}")


def test_a_scan_of_an_earlier_call_is_not_another_ones(guest: Booted) -> None:
    rows = Rows(guest, [b"a", b"b"])

    guest.run("import builtins\nbuiltins.kept = host.datastore_table_scan_bsatn(1)")

    assert failure(guest, "next(kept)") == "6 row_iter_bsatn_advance"
    assert rows.closed == [0]


def test_a_scan_that_ended_in_an_earlier_call_has_no_more_rows(guest: Booted) -> None:
    rows = Rows(guest, [b"a"])

    guest.run("import builtins\nbuiltins.kept = host.datastore_table_scan_bsatn(1)\nlist(kept)")

    assert guest.ask("list(kept)") == []
    assert rows.closed == []


def test_a_call_inside_another_closes_its_own_scans(guest: Booted) -> None:
    rows = Rows(guest, [b"a", b"b", b"c"])
    numbers = iter((0, 1))
    guest.functions["datastore_table_scan_bsatn"] = lambda table, out: guest.write_number(out, next(numbers)) or 0
    guest.functions["procedure_commit_mut_tx"] = lambda: guest.call("__call_view_anon__", 1, 5, 11) * 0
    guest.sources[5] = b"open another"
    guest.run(
        "import builtins, gc\n"
        "[entry] = [each for each in gc.get_objects() if type(each).__name__ == 'Entry']\n"
        "def look(id, args): builtins.inner = host.datastore_table_scan_bsatn(1); return 'query'\n"
        "entry.call_anonymous_view = look\nhost.set_entry(entry)\n"
    )
    assert guest.ask(
        "(scan := host.datastore_table_scan_bsatn(1), next(scan), host.procedure_commit_mut_tx(), next(scan))[1::2]"
    ) == (b"a", b"b")

    assert rows.closed == [1, 0]


def test_ranges_and_points(guest: Booted) -> None:
    given: list[object] = []

    def delete_range(index: int, p: int, pl: int, elements: int, s: int, sl: int, e: int, el: int, out: int) -> int:
        given.append((index, guest.read(p, pl), elements, guest.read(s, sl), guest.read(e, el)))
        assert 0 not in (p, s, e)
        guest.write_number(out, 5)
        return 0

    guest.functions["datastore_delete_by_index_scan_range_bsatn"] = delete_range
    guest.functions["datastore_delete_by_index_scan_point_bsatn"] = lambda index, p, length, out: (
        guest.write_number(out, 6) or 0
    )

    assert guest.ask("host.datastore_delete_by_index_scan_range_bsatn(2, b'', 0, b'\\x00a', b'\\x02')") == 5
    assert guest.ask("host.datastore_delete_by_index_scan_point_bsatn(2, b'k')") == 6
    assert given == [(2, b"", 0, b"\0a", b"\2")]


@pytest.mark.parametrize(
    ("level", "call"),
    [
        (2, "get_jwt(bytes(16))"),
        (3, "procedure_start_mut_tx()"),
        (3, "procedure_http_request(b'', b'')"),
        (4, "datastore_index_scan_point_bsatn(1, b'')"),
        (5, "datastore_clear(1)"),
        (6, "env_get('A')"),
    ],
)
def test_functions_of_a_higher_level_are_not_called(level: int, call: str) -> None:
    guest = Booted(abi_level=level - 1)
    guest.load()

    message = guest.run(f"try: host.{call}\nexcept RuntimeError as error: answer = str(error)")

    assert message == (
        f"{call.partition('(')[0]} needs spacetime_10.{level} of the host; "
        f"this module is built for spacetime_10.{level - 1}"
    )


def test_sources_of_the_host(guest: Booted) -> None:
    guest.sources |= {21: b"{}", 22: b"value\xff"}
    guest.functions["get_jwt"] = lambda connection, out: guest.write_number(out, 21) or 0
    guest.functions["env_get"] = lambda key, length, out: guest.write_number(out, 22) or 0

    assert guest.ask("host.get_jwt(bytes(16))") == b"{}"
    assert guest.ask("host.env_get('A')") == "value�"
    guest.functions["get_jwt"] = lambda connection, out: guest.write_number(out, 0) or 0
    assert guest.ask("host.get_jwt(bytes(16))") is None


def test_procedures(guest: Booted) -> None:
    guest.functions |= {
        "procedure_start_mut_tx": lambda out: guest.write_number(out, 5_000_000_000, 8) or 0,
        "procedure_commit_mut_tx": lambda: 0,
        "procedure_abort_mut_tx": lambda: 18,
        "procedure_sleep_until": lambda until: until + 1,
    }

    assert guest.ask("host.procedure_start_mut_tx()") == 5_000_000_000
    assert guest.ask("host.procedure_commit_mut_tx()") is None
    assert failure(guest, "host.procedure_abort_mut_tx()") == "18 procedure_abort_mut_tx"
    assert guest.ask("host.procedure_sleep_until(6_000_000_000)") == 6_000_000_001


def test_http_requests(guest: Booted) -> None:
    def answer(request: int, request_length: int, body: int, body_length: int, out: int) -> int:
        guest.sources |= {31: guest.read(request, request_length).upper(), 32: guest.read(body, body_length).upper()}
        guest.write_number(out, 31)
        guest.write_number(out + 4, 32)
        return 0

    def fail(request: int, request_length: int, body: int, body_length: int, out: int) -> int:
        guest.sources[33] = (7).to_bytes(4, "little") + b"refused"
        guest.write_number(out, 33)
        return 21

    guest.functions["procedure_http_request"] = answer
    assert guest.ask("host.procedure_http_request(b'head', b'body')") == (b"HEAD", b"BODY")
    guest.functions["procedure_http_request"] = fail
    assert failure(guest, "host.procedure_http_request(b'head', b'body')") == "21 refused"


def test_log_entries_have_a_place(guest: Booted) -> None:
    places: list[object] = []

    def console_log(level: int, t: int, tl: int, f: int, fl: int, line: int, m: int, ml: int) -> None:
        places.append((level, t and guest.read(t, tl), f and guest.read(f, fl), line & 0xFFFFFFFF, guest.read(m, ml)))

    guest.functions["console_log"] = console_log
    guest.run("host.console_log(2, 'here', 'a.py', 7, 'one')\nhost.console_log(3, None, None, None, 'two')")

    assert places == [(2, b"here", b"a.py", 7, b"one"), (3, 0, 0, 0xFFFFFFFF, b"two")]


def test_identity(guest: Booted) -> None:
    guest.functions["identity"] = lambda out: guest.write(out, bytes(range(32)))

    assert guest.ask("host.identity()") == bytes(range(32))


def test_an_entry_without_its_methods_is_refused(guest: Booted) -> None:
    message = guest.run("try: host.set_entry(object())\nexcept AttributeError as error: answer = str(error)")

    assert message == "'object' object has no attribute 'describe'"
