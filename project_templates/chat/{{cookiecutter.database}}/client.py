"""Says something in the chat room and shows what was said: `python client.py Hello!`

Needs a server with the module (`make dev`) and the generated code (`make generate`).
"""

import os
import sys

from stdbpy.api import ApiClient
from stdbpy.errors import StdbError
from stdbpy.project import cli_toml
from stdbpy.project.credentials import CredentialStore, find_token

from module_bindings import over_http, tables

SERVER = os.environ.get("STDBPY_SERVER", "http://127.0.0.1:3000")
DATABASE = "{{cookiecutter.database}}"


def my_token() -> str:
    """Proves that you are who the commands of stdbpy say, or somebody new."""
    store = CredentialStore()
    token = find_token(SERVER, store, cli_toml.read())
    if token is None:
        with ApiClient(SERVER) as api:
            token = api.create_identity().token
        store.save(SERVER, token)
    return token


def main(text: str) -> None:
    with over_http(SERVER, DATABASE, token=my_token()) as chat:
        if text:
            chat.reducers.send_message(text)
        names = {user.identity: user.name for user in chat.rows(tables.user)}
        messages = chat.rows(tables.message)
    if not messages:
        print("Nobody has said anything yet. Begin: python client.py Hello!")
    for message in sorted(messages, key=lambda message: message.sent):
        time = message.sent.to_datetime().astimezone()
        name = names.get(message.sender) or f"{message.sender.hex()[:8]}…"
        print(f"{time:%H:%M} {name}: {message.text}")


if __name__ == "__main__":
    try:
        main(" ".join(sys.argv[1:]))
    except StdbError as error:
        sys.exit(f"{error}\n{error.hint}")
