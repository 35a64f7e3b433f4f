"""The chat room, live: shows what is said while it is said, and says what you type.

    python client.py            until Ctrl-D; `/name Ada` says who you are
    python client.py --guest    as somebody new, such as in a second terminal
    python client.py Hello!     says that, shows what was said, and ends

Needs a server with the module (`make dev`) and the generated code (`make generate`).
"""

import os
import sys
from collections.abc import Iterable

from stdbpy.api import ApiClient
from stdbpy.errors import ReducerFailed, StdbError
from stdbpy.project import cli_toml
from stdbpy.project.credentials import CredentialStore, find_token

from module_bindings import DbConnection, EventContext, connect, tables
from module_bindings.types import Message

SERVER = os.environ.get("STDBPY_SERVER", "http://127.0.0.1:3000")
DATABASE = "{{cookiecutter.database}}"
HISTORY = 20


def main(text: str, *, is_guest: bool) -> None:
    token = None if is_guest else my_token()
    with connect(SERVER, DATABASE, token=token) as chat:
        chat.on_disconnect(lambda _, error: print(error) if error else None)
        chat.on_reconnect(lambda _: print("The connection is back."))
        chat.subscribe(tables.user, tables.message)
        if text:
            say(chat, text)
        show_history(chat)
        if not text:
            talk(chat, sys.stdin)


def show_history(chat: DbConnection) -> None:
    """Shows what was said last, and from then on what is said."""

    def show(_: EventContext, message: Message) -> None:
        print(in_words(chat, message), flush=True)

    with chat.lock:  # so that no message comes between the two
        said = sorted(chat.message, key=lambda message: message.sent)
        chat.message.on_insert(show)
    if not said:
        print("Nobody has said anything yet.", flush=True)
    for message in said[-HISTORY:]:
        print(in_words(chat, message), flush=True)


def in_words(chat: DbConnection, message: Message) -> str:
    user = chat.user.identity.find(message.sender)
    name = user.name if user and user.name else f"{message.sender.hex()[:8]}…"
    time = message.sent.to_datetime().astimezone()
    return f"{time:%H:%M} {name}: {message.text}"


def talk(chat: DbConnection, lines: Iterable[str]) -> None:
    """Says each line, until there are no more."""
    for line in lines:
        if sys.stdin.isatty() and sys.stdout.isatty():
            # What was typed goes: it comes back as a message.
            print("\x1b[A\x1b[2K", end="", flush=True)
        say(chat, line.strip())


def say(chat: DbConnection, text: str) -> None:
    try:
        if text.startswith("/name "):
            chat.reducers.set_name(text.removeprefix("/name "))
        elif text:
            chat.reducers.send_message(text)
    except ReducerFailed as refusal:
        print(refusal)


def my_token() -> str:
    """Proves that you are who the commands of stdbpy say, or somebody new."""
    store = CredentialStore()
    token = find_token(SERVER, store, cli_toml.read())
    if token is None:
        with ApiClient(SERVER) as api:
            token = api.create_identity().token
        store.save(SERVER, token)
    return token


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--guest"]
    try:
        main(" ".join(words), is_guest="--guest" in sys.argv)
    except KeyboardInterrupt:
        print()
    except StdbError as error:
        sys.exit(f"{error}\n{error.hint}".rstrip())
