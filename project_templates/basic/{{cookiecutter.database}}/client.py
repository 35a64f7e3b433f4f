"""Adds people to the database and shows who is in it: `python client.py Grace Alan`.

Needs a server with the module (`make dev`) and the generated code (`make generate`).
"""

import os
import sys

from stdbpy.errors import ApiError, ReducerFailed

from module_bindings import over_http, tables

SERVER = os.environ.get("STDBPY_SERVER", "http://127.0.0.1:3000")
DATABASE = "{{cookiecutter.database}}"


def main(names: list[str]) -> None:
    with over_http(SERVER, DATABASE) as database:
        for name in names:
            try:
                database.reducers.add(name)
            except ReducerFailed as refusal:
                print(refusal)
        people = database.query(tables.person)
        for person in sorted(people, key=lambda person: person.id):
            print(f"{person.id}: {person.name}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ApiError as error:
        sys.exit(f"{error}\n{error.hint}")
