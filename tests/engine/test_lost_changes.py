"""Databases whose files are not as they were when the process was killed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest

from stdbpy.engine.journal import file_journal
from stdbpy.engine.journal.file_journal import FileJournal
from stdbpy.engine.store.store import Store
from stdbpy.errors import DataDirectoryError
from stdbpy.schema.definition import write_module_def
from tests.engine.test_journal import CODEC, SCHEMA, Written

JOURNAL = "journal.sqlite"
LOG = f"{JOURNAL}-wal"
CONFIRMED = f"{JOURNAL}-confirmed"
NAMES = [str(number) for number in range(12)]
FRAME = 24 + 4096
MISSING = f"of {len(NAMES) + 2} confirmed changes it has the first"


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a database whose process was killed: a snapshot, a change of the program, and
    transactions before and after them, all of it only in the write-ahead log."""
    folder, killed = tmp_path_factory.mktemp("running"), tmp_path_factory.mktemp("killed")
    with patch.multiple(file_journal, SNAPSHOT_AFTER_TRANSACTIONS=4, CHUNK_BYTES=64):
        written = Written(folder / JOURNAL)
        for name in NAMES:
            written.add(name)
            written.journal.commit()
            if name == "5":
                while written.journal.tend(written.store):
                    pass
                written.journal.change_program(b"changed")
        for path in folder.iterdir():
            shutil.copy(path, killed)
        written.journal.close()
    return killed


@pytest.fixture
def copy(killed: Path, tmp_path: Path) -> Path:
    shutil.copytree(killed, tmp_path, dirs_exist_ok=True)
    return tmp_path


def opened(folder: Path) -> tuple[bytes, list[str]]:
    """The program and the names that are there after a start."""
    with closing(FileJournal(folder / JOURNAL)) as journal:
        saved = journal.module()
        store = Store(SCHEMA, saved.numbering)
        journal.replay(store)
    return saved.program, [CODEC.decode(row)[1] for row in next(iter(store.tables.values())).rows]


EVERYTHING = (b"changed", NAMES)


def test_all_of_it_is_in_the_write_ahead_log(copy: Path) -> None:
    assert (copy / LOG).stat().st_size > 20 * FRAME
    assert opened(copy) == EVERYTHING
    assert not (copy / LOG).exists()
    assert opened(copy) == EVERYTHING


def places(size: int) -> Iterator[int]:
    """The bytes of a log that say most, and some of its pages."""
    yield from range(32)
    for frame in range(32, size, FRAME):
        yield from range(frame, frame + 24, 3)
    yield from Random(1).sample(range(32, size), 150)


def test_a_flipped_byte_loses_nothing_silently(killed: Path, tmp_path: Path) -> None:
    log = (killed / LOG).read_bytes()
    refused = 0
    for number, place in enumerate(places(len(log))):
        folder = tmp_path / str(number)
        shutil.copytree(killed, folder)
        (folder / LOG).write_bytes(log[:place] + bytes([log[place] ^ 0x10]) + log[place + 1 :])
        try:
            assert opened(folder) == EVERYTHING, place
        except DataDirectoryError as error:
            refused += 1
            assert MISSING in str(error), place
            with pytest.raises(DataDirectoryError, match=MISSING):
                opened(folder)
        shutil.rmtree(folder)
    assert refused > 100


def test_a_flipped_byte_of_the_file_itself_changes_nothing_silently(killed: Path, tmp_path: Path) -> None:
    shutil.copytree(killed, tmp_path / "closed")
    assert opened(tmp_path / "closed") == EVERYTHING
    file = (tmp_path / "closed" / JOURNAL).read_bytes()
    refused = 0
    for place in Random(1).sample([place for place, byte in enumerate(file) if byte], 250):
        folder = tmp_path / str(place)
        shutil.copytree(tmp_path / "closed", folder)
        (folder / JOURNAL).write_bytes(file[:place] + bytes([file[place] ^ 0x10]) + file[place + 1 :])
        try:
            assert opened(folder) == EVERYTHING, place
        except DataDirectoryError:
            refused += 1
        shutil.rmtree(folder)
    assert refused > 150


def damage(folder: Path, frame: int) -> None:
    with (folder / LOG).open("r+b") as log:
        log.seek(32 + frame * FRAME + 100)
        log.write(b"damage")


def test_the_log_is_kept_and_going_on_without_what_is_lost_is_possible(copy: Path) -> None:
    damage(copy, (copy / LOG).stat().st_size // FRAME - 2)
    log = (copy / LOG).read_bytes()
    for _ in range(2):
        with pytest.raises(DataDirectoryError) as refused:
            opened(copy)
        assert f"of its write-ahead log is kept in {LOG}-kept" in str(refused.value)
        assert str(copy / CONFIRMED) in refused.value.hint
        assert (copy / f"{LOG}-kept").read_bytes() == log
    (copy / CONFIRMED).unlink()
    program, names = opened(copy)
    assert (program, names) == (b"changed", NAMES[: len(names)])
    assert len(names) in (len(NAMES) - 1, len(NAMES) - 2)


@pytest.mark.parametrize("how", ["deleted", "emptied", "cut"])
def test_a_log_that_is_gone_is_missed(copy: Path, how: str) -> None:
    if how == "deleted":
        (copy / LOG).unlink()
    else:
        with (copy / LOG).open("r+b") as log:
            log.truncate(0 if how == "emptied" else 10 * FRAME)
    with pytest.raises(DataDirectoryError, match=MISSING):
        opened(copy)


def test_a_journal_without_anything_is_not_taken_for_a_new_one(copy: Path) -> None:
    (copy / LOG).unlink()
    (copy / CONFIRMED).unlink()
    with pytest.raises(DataDirectoryError, match="it has no module"):
        opened(copy)


def test_a_change_of_the_program_alone_is_missed(tmp_path: Path) -> None:
    written = Written(tmp_path / JOURNAL)
    before = (tmp_path / LOG).stat().st_size
    written.journal.change_program(b"other")
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in (JOURNAL, LOG, CONFIRMED):
        shutil.copy(tmp_path / name, killed)
    written.journal.close()
    with (killed / LOG).open("r+b") as log:
        log.truncate(before)
    with pytest.raises(DataDirectoryError, match="of 2 confirmed changes it has the first 1 only"):
        opened(killed)


def test_what_was_never_confirmed_may_be_missing(copy: Path) -> None:
    """A loss of power in the middle of a commit leaves a torn transaction, whose later pages may even
    be whole; and it leaves the number of an earlier one, which the disk had been given."""
    confirmed = (copy / CONFIRMED).read_bytes()
    written = Written.__new__(Written)
    written.path, written.store, written.journal = copy / JOURNAL, Store(SCHEMA), FileJournal(copy / JOURNAL)
    written.journal.replay(written.store)
    frames = 0
    for _ in range(2):
        written.add("x" * 10_000)
        frames = (copy / LOG).stat().st_size // FRAME
        written.journal.commit()
    killed = copy / "killed"
    killed.mkdir()
    for name in (JOURNAL, LOG):
        shutil.copy(copy / name, killed)
    written.journal.close()
    (killed / CONFIRMED).write_bytes(confirmed)
    damage(killed, frames)
    assert opened(killed) == (b"changed", [*NAMES, "x" * 10_000])


@pytest.mark.parametrize("content", [b"", bytes(12), b"\x09" + bytes(11), b"rubbish"])
def test_a_number_that_cannot_be_relied_on_is_no_reason_to_refuse(copy: Path, content: bytes) -> None:
    (copy / CONFIRMED).write_bytes(content)
    assert opened(copy) == EVERYTHING


def test_a_replaced_module_starts_from_the_number_it_has(tmp_path: Path) -> None:
    written = Written(tmp_path / JOURNAL)
    for _ in range(3):
        written.add("a")
        written.journal.commit()
        written.journal.replace(b"again", write_module_def(SCHEMA), written.store)
    written.journal.close()
    assert opened(tmp_path) == (b"again", ["a"] * 3)
