import pytest
from stdbpy.client import HttpDatabase
from stdbpy.errors import ReducerFailed

from module_bindings import Reducers, tables

People = HttpDatabase[Reducers[None]]


def names(database: People) -> list[str]:
    return sorted(person.name for person in database.query(tables.person))


def test_somebody_is_there_from_the_start(database: People) -> None:
    assert names(database) == ["Ada"]


def test_people_are_added_and_numbered(database: People) -> None:
    database.reducers.add(" Grace ")
    database.reducers.add("Alan")

    people = database.query(tables.person)
    assert names(database) == ["Ada", "Alan", "Grace"]
    assert len({person.id for person in people}) == 3


def test_who_is_refused(database: People) -> None:
    with pytest.raises(ReducerFailed, match="needs a name"):
        database.reducers.add("  ")
    with pytest.raises(ReducerFailed, match="is here already"):
        database.reducers.add("Ada")

    assert names(database) == ["Ada"]
