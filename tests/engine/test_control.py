"""The register of databases, when the disk does not give back what was written."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from stdbpy.engine.control import Control, DatabaseEntry
from stdbpy.errors import DatabaseLocked, DatabaseNotFound, DataDirectoryError
from stdbpy.sats.values import Identity


def content(path: Path) -> tuple[object, ...]:
    with closing(Control(path)) as control:
        return control.databases, control.names, control.locked, control.rubbish()


def test_a_flipped_byte_changes_nothing_silently(tmp_path: Path) -> None:
    path = tmp_path / "control.sqlite"
    with closing(Control(path)) as control:
        for number in range(1, 4):
            identity, folder = Identity.from_int(number), f"folder{number}"
            control.note_rubbish(folder)
            control.put(DatabaseEntry(identity, Identity.from_int(9), bytes(32), "Python", folder), f"name{number}")
        control.set_lock(Identity.from_int(2), locked=True)
        control.remove(Identity.from_int(3))
    expected, file = content(path), path.read_bytes()
    assert expected[3] == ["folder3"]
    refused = 0
    random = Random(1)
    for place in random.sample([place for place, byte in enumerate(file) if byte], 300):
        changed = tmp_path / f"{place}.sqlite"
        changed.write_bytes(file[:place] + bytes([file[place] ^ 1 << random.randrange(8)]) + file[place + 1 :])
        try:
            assert content(changed) == expected, place
        except DataDirectoryError:
            refused += 1
    assert refused > 150


def test_a_lock_that_comes_at_the_last_moment_holds() -> None:
    """Clearing a database asks for locks, then takes the time that its module's code does."""
    identity, owner = Identity.from_int(1), Identity.from_int(9)
    with closing(Control(None)) as control:
        control.put(DatabaseEntry(identity, owner, bytes(32), "Python", "old"), None)
        control.set_lock(identity, locked=True)
        with pytest.raises(DatabaseLocked):
            control.put(DatabaseEntry(identity, owner, bytes(32), "Python", "new"), None)
        with pytest.raises(DatabaseLocked):
            control.remove(identity)
        assert control.databases[identity].folder == "old"
        control.set_lock(identity, locked=False)
        control.remove(identity)
        with pytest.raises(DatabaseNotFound):
            control.set_lock(identity, locked=True)
        assert not control.locked
