"""Who calls, from where and when: connections, identities, chance, and schedules."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator

import pytest

from stdbpy.api import ApiClient
from stdbpy.sats.values import Identity
from tests.contract.websocket import V1, connected
from tests.hosts.town import Town, on

pytestmark = on("native")


@pytest.fixture
def somebody(town: Town) -> Iterator[tuple[Identity, ApiClient]]:
    with ApiClient(town.url) as nobody:
        made = nobody.create_identity()
    with ApiClient(town.url, made.token) as api:
        yield made.identity, api


# --- a chat --------------------------------------------------------------------------------------


def test_a_database_s_start_is_called_once(town: Town) -> None:
    owner = town.api.info(town.database).owner_identity
    assert town.rows("SELECT * FROM begun") == [(1, owner, True)]


def test_a_chat(town: Town, somebody: tuple[Identity, ApiClient]) -> None:
    me, api = somebody
    assert town.said("send_message", "hello", api=api) == ["None: hello"]
    town.call("set_name", " Ann ", api=api)
    assert town.said("send_message", "here I am", api=api) == ["Ann: here I am"]
    with pytest.raises(Exception, match=r"^Messages must not be empty$"):
        town.call("send_message", " ", api=api)
    messages = town.rows(f"SELECT * FROM message WHERE sender = 0x{me.hex()}")
    assert [text for _, _, _, text in sorted(messages)] == ["hello", "here I am"]
    assert all(sender == me for _, sender, _, _ in messages)
    assert town.said("take_back", api=api) == ["2 taken back"]
    assert town.rows(f"SELECT name, online FROM user WHERE identity = 0x{me.hex()}") == [("Ann", False)]


def test_connections(town: Town, somebody: tuple[Identity, ApiClient]) -> None:
    me, api = somebody
    query = f"SELECT online FROM user WHERE identity = 0x{me.hex()}"
    token = api.create_identity().token  # another one, which is not there yet
    assert town.rows(query) == []
    with connected(town, town.database, V1, token=token) as wire:
        wire.next()
        with connected(town, town.database, V1, token=None) as other:
            other.next()
            assert len(town.rows("SELECT identity FROM user WHERE online = true")) >= 2
    town.call("set_name", "Bob", api=api)
    assert town.rows(query) == [(False,)]


def test_who_may_see_which_rows(town: Town, somebody: tuple[Identity, ApiClient]) -> None:
    me, api = somebody
    town.call("write_letters", [me, Identity.from_int(1), me])
    assert town.rows("SELECT text FROM letter", api=api) == [("letter 0",), ("letter 2",)]
    assert town.rows("SELECT text FROM letter") == [("letter 0",), ("letter 1",), ("letter 2",)]
    assert town.rows("SELECT text FROM diary") == [("wrote 3 letters",)]
    with pytest.raises(Exception, match="diary"):
        town.rows("SELECT text FROM diary", api=api)


# --- chance --------------------------------------------------------------------------------------


def test_chance_follows_from_the_call(town: Town) -> None:
    """From its time, its sender and its function, by the generator that Python has everywhere."""
    town.call("roll")
    _, at, by, dice, real, bell, cards, texts = max(town.rows("SELECT * FROM roll"))
    again = random.Random(int.from_bytes(bytes(by) + f"roll/{int(at)}".encode(), "little"))
    deck = list(range(10))
    assert dice == [again.randint(1, 6) for _ in range(5)]
    assert (real, bell) == (again.random(), again.gauss(0, 1))
    again.shuffle(deck)
    assert cards == deck
    uuids = [uuid.UUID(text) for text in texts]
    first, second, third = uuids
    assert first == uuid.UUID(int=again.getrandbits(128), version=4)
    assert [each.version for each in uuids] == [4, 7, 7]
    assert second.int >> 80 == third.int >> 80 == int(at) // 1000


# --- a game --------------------------------------------------------------------------------------


def test_a_loop(town: Town) -> None:
    town.call("start_loop", 5, 4)
    end = "the loop ends with frame 4"
    assert [line.message for line in town.until(end)] == [end]
    assert town.rows("SELECT * FROM world") == [(1, 4, 0)]
    assert town.rows("SELECT * FROM frame") == []


def test_steps_that_order_the_next(town: Town) -> None:
    town.call("start_steps", 3)
    end = "3 steps, 0 rows left"
    assert [line.message for line in town.until(end)] == [end]
    assert town.rows("SELECT * FROM world") == [(1, 0, 3)]


def test_what_is_cancelled_does_not_happen(town: Town) -> None:
    since = town.mark()
    town.call("place_bombs", 1500 if town.host == "strict" else 400, ["one", "two", "three"])
    town.call("defuse", "two")
    assert town.refused("defuse", "four") == "there is no bomb four"
    lines = town.until("three explodes", since)
    assert [line.message for line in lines if "explodes" in line.message] == ["one explodes", "three explodes"]


def test_a_schedule_that_fails_has_run(town: Town) -> None:
    town.call("place_bombs", 1, ["dud", "last"])
    lines = town.until("last explodes")
    assert [(line.level, line.message) for line in lines] == [("Warn", "dud explodes"), ("Warn", "last explodes")]
