import time
import urllib.request
from collections.abc import Iterator

import pytest
from stdbpy.api import ApiClient
from stdbpy.client import HttpDatabase
from stdbpy.client.tables import Inserted
from stdbpy.errors import ReducerFailed
from stdbpy.server import RunningServer

{% if cookiecutter.client == "yes" -%}
import client
{% endif -%}
from module_bindings import Reducers, connect, over_http, tables

Chat = HttpDatabase[Reducers[None]]


@pytest.fixture
def other(server: RunningServer, database: Chat) -> Iterator[Chat]:
    """Somebody else in the same room."""
    with ApiClient(server.url) as api:
        token = api.create_identity().token
    with over_http(server.url, database.database, token=token) as client:
        yield client


def texts(chat: Chat) -> list[str]:
    messages = sorted(chat.query(tables.message), key=lambda message: message.id)
    return [message.text for message in messages]


def test_all_see_who_said_what(database: Chat, other: Chat) -> None:
    database.reducers.set_name("Ada")
    other.reducers.set_name(" Grace ")
    database.reducers.send_message("Hello!")
    other.reducers.send_message("Hello, Ada.")

    names = {user.identity: user.name for user in database.query(tables.user)}
    messages = sorted(other.query(tables.message), key=lambda message: message.sent)
    assert [(names[message.sender], message.text) for message in messages] == [
        ("Ada", "Hello!"),
        ("Grace", "Hello, Ada."),
    ]


@pytest.mark.parametrize("text", ["", "  \n", "x" * 501])
def test_messages_that_are_refused(database: Chat, text: str) -> None:
    with pytest.raises(ReducerFailed, match="A message"):
        database.reducers.send_message(text)

    assert texts(database) == []


def test_a_name_must_not_be_empty(database: Chat) -> None:
    with pytest.raises(ReducerFailed, match="must not be empty"):
        database.reducers.set_name(" ")


def test_a_draft_is_sent_when_its_time_has_come(database: Chat) -> None:
    database.reducers.send_later("soon", 0)
    database.reducers.send_later("in an hour", 3600)

    deadline = time.monotonic() + 10
    while not texts(database) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert texts(database) == ["soon"]


def test_drafts_are_seen_by_who_wrote_them(database: Chat, other: Chat) -> None:
    database.reducers.send_later("in an hour", 3600)

    [draft] = database.query(tables.my_drafts)
    assert draft.text == "in an hour"
    assert len(other.query(tables.my_drafts)) == 0
    with pytest.raises(ReducerFailed, match="no such draft"):
        other.reducers.think_again(draft.id)

    database.reducers.think_again(draft.id)
    assert len(database.query(tables.my_drafts)) == 0


def test_who_talks_most(server: RunningServer, database: Chat, other: Chat) -> None:
    other.reducers.set_name("Grace")
    for text in ("One", "Two"):
        other.reducers.send_message(text)
    database.reducers.send_message("Three")

    with connect(server.url, database.database) as chat:
        talkers = chat.procedures.who_talks_most()
    assert [(each.name, each.messages) for each in talkers] == [
        ("Grace", 2),
        ("Somebody", 1),
    ]


def test_messages_as_text(server: RunningServer, database: Chat) -> None:
    database.reducers.set_name("Ada")
    database.reducers.send_message("Hello!")

    page = f"{server.url}/v1/database/{database.database}/route/messages"
    with urllib.request.urlopen(page) as answer:
        assert answer.read() == b"Ada: Hello!\n"


def test_who_leaves_takes_their_messages_along(database: Chat, other: Chat) -> None:
    database.reducers.send_message("I stay")
    other.reducers.send_message("I leave")

    other.reducers.forget_me()

    assert texts(database) == ["I stay"]
    assert len(database.query(tables.user)) == 1


def test_what_is_said_is_seen_at_once(
    server: RunningServer, database: Chat, other: Chat
) -> None:
    with (
        connect(server.url, database.database) as chat,
        chat.subscribe(tables.message),
        chat.message.changes(timeout=10) as news,
    ):
        other.reducers.send_message("Hello!")

        change = next(news)
        assert isinstance(change, Inserted)
        assert change.row.text == "Hello!"
{%- if cookiecutter.client == "yes" %}


def test_the_client_shows_what_is_said(
    server: RunningServer,
    database: Chat,
    other: Chat,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other.reducers.set_name("Grace")
    other.reducers.send_message("Is anybody here?")
    with connect(server.url, database.database) as chat:
        chat.subscribe(tables.user, tables.message, tables.my_drafts)
        client.show_history(chat)
        client.talk(chat, ["/name Ada\n", "Hello!\n", "\n", "x" * 501])
        client.talk(chat, ["/later 3600 Good night.\n", "/later"])

    shown = [line.partition(" ")[2] for line in capsys.readouterr().out.splitlines()]
    assert shown == [
        "Grace: Is anybody here?",
        "Ada: Hello!",
        "message has at most 500 characters.",
        "     You will say: Good night.",
        "there are `/name NAME` and `/later SECONDS TEXT`.",
    ]
{%- endif %}
