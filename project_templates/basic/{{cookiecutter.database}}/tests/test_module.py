"""The module in a database of its own for each test: the fixture `stdb` is stdbpy's."""

from stdbpy.testing import ModuleDatabase

from {{cookiecutter.package}}.module import Person


def names(stdb: ModuleDatabase) -> list[str]:
    return [person.name for person in stdb.rows(Person)]


def test_somebody_is_there_from_the_start(stdb: ModuleDatabase) -> None:
    assert names(stdb) == ["Ada"]


def test_people_are_added_and_numbered(stdb: ModuleDatabase) -> None:
    stdb.reducers.add(" Grace ")
    stdb.reducers.add("Alan")

    assert names(stdb) == ["Ada", "Grace", "Alan"]
    assert len({person.id for person in stdb.rows(Person)}) == 3


def test_who_is_refused(stdb: ModuleDatabase) -> None:
    with stdb.refused("needs a name"):
        stdb.reducers.add("  ")
    with stdb.refused("is here already"):
        stdb.reducers.add("Ada")


def test_hello_is_said_to_everybody(stdb: ModuleDatabase) -> None:
    stdb.reducers.say_hello()

    assert stdb.messages == ["Hello, Ada!"]
