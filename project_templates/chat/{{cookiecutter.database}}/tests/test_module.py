"""The module in a database of its own for each test: the fixture `stdb` is stdbpy's."""

import pytest
from stdbpy.testing import ModuleDatabase, wait_until

{% if cookiecutter.client == "yes" -%}
import client
{% endif -%}
from module_bindings import DbConnection, tables
from {{cookiecutter.package}}.module import Draft, Message, User


def texts(stdb: ModuleDatabase) -> list[str]:
    return [message.text for message in stdb.rows(Message)]


def test_all_see_who_said_what(stdb: ModuleDatabase) -> None:
    ada, grace = stdb.as_("ada"), stdb.as_("grace")
    ada.reducers.set_name("Ada")
    grace.reducers.set_name(" Grace ")
    ada.reducers.send_message("Hello!")
    grace.reducers.send_message("Hello, Ada.")

    names = {user.identity: user.name for user in stdb.rows(User)}
    said = [(names[message.sender], message.text) for message in stdb.rows(Message)]
    assert said == [("Ada", "Hello!"), ("Grace", "Hello, Ada.")]


@pytest.mark.parametrize("text", ["", "  \n", "x" * 501])
def test_messages_that_are_refused(stdb: ModuleDatabase, text: str) -> None:
    with stdb.refused("A message"):
        stdb.reducers.send_message(text)


def test_a_name_must_not_be_empty(stdb: ModuleDatabase) -> None:
    with stdb.refused("must not be empty"):
        stdb.reducers.set_name(" ")


def test_who_is_here(stdb: ModuleDatabase) -> None:
    with stdb.as_("ada") as ada:
        assert stdb.table(User).one(ada.identity).online
    assert not stdb.table(User).one(ada.identity).online


def test_a_draft_is_sent_when_its_time_has_come(stdb: ModuleDatabase) -> None:
    stdb.reducers.send_later("in an hour", 3600)
    stdb.advance(3599)
    assert texts(stdb) == []

    stdb.advance(1)
    assert texts(stdb) == ["in an hour"]
    assert stdb.rows(Message)[0].sent == stdb.time
    assert stdb.rows(Draft) == []


def test_drafts_are_seen_by_who_wrote_them(stdb: ModuleDatabase) -> None:
    ada, grace = stdb.as_("ada"), stdb.as_("grace")
    ada.reducers.send_later("in an hour", 3600)

    [draft] = ada.rows("my_drafts")
    assert draft.text == "in an hour"
    assert grace.rows("my_drafts") == []
    with stdb.refused("no such draft"):
        grace.reducers.think_again(draft.id)

    ada.reducers.think_again(draft.id)
    assert stdb.rows(Draft) == []


def test_who_talks_most(stdb: ModuleDatabase) -> None:
    grace = stdb.as_("grace")
    grace.reducers.set_name("Grace")
    for text in ("One", "Two"):
        grace.reducers.send_message(text)
    stdb.as_("ada").reducers.send_message("Three")

    talkers = stdb.procedures.who_talks_most()
    assert [(each.name, each.messages) for each in talkers] == [
        ("Grace", 2),
        ("Somebody", 1),
    ]


def test_messages_as_text(stdb: ModuleDatabase) -> None:
    stdb.reducers.set_name("Ada")
    stdb.reducers.send_message("Hello!")

    assert stdb.http("GET", "/messages").text() == "Ada: Hello!\n"


def test_who_leaves_takes_their_messages_along(stdb: ModuleDatabase) -> None:
    with stdb.as_("ada") as ada, stdb.as_("grace") as grace:
        ada.reducers.send_message("I stay")
        grace.reducers.send_message("I leave")

        grace.reducers.forget_me()

        assert texts(stdb) == ["I stay"]
        assert [user.identity for user in stdb.rows(User)] == [ada.identity]


def test_what_is_said_is_seen_at_once(stdb: ModuleDatabase) -> None:
    """Over a real connection, with the generated client."""
    ada = stdb.connect(DbConnection, as_="ada")
    ada.subscribe(tables.message)

    stdb.as_("grace").reducers.send_message("Hello!")

    wait_until(lambda: [message.text for message in ada.message] == ["Hello!"])
{%- if cookiecutter.client == "yes" %}


def test_the_client_shows_what_is_said(
    stdb: ModuleDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    grace = stdb.as_("grace")
    grace.reducers.set_name("Grace")
    grace.reducers.send_message("Is anybody here?")
    chat = stdb.connect(DbConnection, as_="ada")
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
