"""The chat room, live: shows what is said while it is said, and says what you type.

    python client.py               until Ctrl-D; `/name Ada` says who you are,
                                   `/later 60 Hello!` says that in a minute
    python client.py --guest       as somebody new, such as in a second terminal
    python client.py --name Ada    says who you are first
    python client.py Hello!        says that, shows what was said, and ends

Needs a server with the module (`make dev`) and the generated code (`make generate`).
"""

import argparse
import os
import sys
from collections.abc import Iterable

from stdbpy.api import ApiClient
from stdbpy.errors import ConnectionLost, ReducerFailed, StdbError
from stdbpy.project import cli_toml
from stdbpy.project.credentials import CredentialStore, find_token

from module_bindings import DbConnection, EventContext, connect, tables
from module_bindings.types import Draft, Message

SERVER = os.environ.get("STDBPY_SERVER", "http://127.0.0.1:3000")
DATABASE = "{{cookiecutter.database}}"
HISTORY = 20


def main(text: str, name: str | None, *, is_guest: bool) -> None:
    token = None if is_guest else my_token()
    with connect(SERVER, DATABASE, token=token) as chat:
        # That it was lost, and is tried for again, is told by the log of stdbpy.
        chat.on_reconnect(lambda _: print("The connection is back."))
        chat.on_closed(end)
        chat.subscribe(tables.user, tables.message, tables.my_drafts)
        if name is not None:
            say(chat, f"/name {name}")
        if text:
            say(chat, text)
        show_history(chat)
        if not text:
            talk(chat, sys.stdin)


def show_history(chat: DbConnection) -> None:
    """Shows what was said last, and from then on what is said."""

    def show(_: EventContext, message: Message) -> None:
        print(in_words(chat, message), flush=True)

    def announce(_: EventContext, draft: Draft) -> None:
        print(f"      You will say: {draft.text}", flush=True)

    with chat.lock:  # so that no message comes between the two
        said = sorted(chat.message, key=lambda message: message.sent)
        chat.message.on_insert(show)
        chat.my_drafts.on_insert(announce)
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


def say(chat: DbConnection, line: str) -> None:
    """Says a line of text, or does what it asks for if it begins with a slash."""
    command, _, rest = line.partition(" ")
    seconds, _, text = rest.strip().partition(" ")
    try:
        if command == "/name" and rest.strip():
            chat.reducers.set_name(rest.strip())
        elif command == "/later" and seconds.isdecimal() and text:
            chat.reducers.send_later(text, int(seconds))
        elif command.startswith("/"):
            print(
                f"{line}: there are `/name NAME` and `/later SECONDS TEXT`.", flush=True
            )
        elif line:
            chat.reducers.send_message(line)
    except (ReducerFailed, ConnectionLost) as refusal:
        print(refusal, flush=True)


def end(_: DbConnection, error: StdbError | None) -> None:
    """Ends the program if the connection will not come back, also while it waits for
    a line to be typed."""
    if error is not None:
        print(f"{error}\n{error.hint}".rstrip(), file=sys.stderr, flush=True)
        os._exit(1)


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
    parser = argparse.ArgumentParser(description="The chat room, live.")
    parser.add_argument("text", nargs="*", help="say this, show what was said, and end")
    parser.add_argument("--name", help="say who you are first")
    parser.add_argument("--guest", action="store_true", help="come as somebody new")
    said = parser.parse_args()
    try:
        main(" ".join(said.text), said.name, is_guest=said.guest)
    except KeyboardInterrupt:
        print()
    except StdbError as error:
        sys.exit(f"{error}\n{error.hint}".rstrip())
