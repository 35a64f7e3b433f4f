"""A server under the contract: the embedded one, or a real one that it has to be like."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from stdbpy.api import ApiClient

JSON = {"content-type": "application/json"}

_numbers = itertools.count(1)


def fresh_name(stem: str = "db") -> str:
    """A database name that nothing else in this run has."""
    return f"{stem}-{os.getpid()}-{next(_numbers)}"


@dataclass(frozen=True)
class Subject:
    """``kind`` is ``embedded`` or a version. ``token`` is of an identity that may publish here."""

    kind: str
    url: str
    token: str = field(repr=False)
    identity: str
    program: Callable[[str], bytes]
    """The bytes to publish for a test module, by its name."""
    http: httpx.Client = field(repr=False)
    runs_ports: bool = False
    """Whether its test modules are those in Python, whose definitions are all V10."""
    made: list[tuple[str, str | None]] = field(default_factory=list, repr=False)
    """Databases that tests have made, each with the token of whose it is."""

    @property
    def is_old(self) -> bool:
        return self.kind == "1.2.0"

    @property
    def is_embedded(self) -> bool:
        return self.kind == "embedded"

    def ask(self, method: str, path: str, *, token: str | None = "own", **request: Any) -> httpx.Response:
        """A request as it is; with the publisher's token unless another or ``None`` is given."""
        headers = {**request.pop("headers", {})}
        token = self.token if token == "own" else token
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        if not self.is_embedded:
            # The real servers may hang up after a refusal, just when the next request is on its way.
            headers["connection"] = "close"
        answer = self.http.request(method, path, headers=headers, **request)
        if path.startswith("/v1/database") and '"op":"created"' in answer.text[:1000].replace(" ", ""):
            self.made.append((answer.json()["Success"]["database_identity"], token))
        return answer

    def delete_what_was_made(self) -> None:
        """Hundreds of databases keep the real server busy though nobody asks them for anything."""
        for database, token in self.made:
            self.http.delete(
                f"/v1/database/{database}", headers={"authorization": f"Bearer {token}", "connection": "close"}
            )
        self.made.clear()

    def call(self, database: str, reducer: str, body: str | bytes, **request: Any) -> httpx.Response:
        headers = {**JSON, **request.pop("headers", {})}
        return self.ask("POST", f"/v1/database/{database}/call/{reducer}", content=body, headers=headers, **request)

    def sql(self, database: str, text: str, **request: Any) -> httpx.Response:
        return self.ask("POST", f"/v1/database/{database}/sql", content=text, **request)

    def rows(self, database: str, text: str) -> list[Any]:
        answer = self.sql(database, text)
        assert answer.status_code == 200, answer.text
        rows: list[Any] = answer.json()[0]["rows"]
        return rows

    def publish(self, module: str, name: str | None = None, **request: Any) -> httpx.Response:
        path, method = ("/v1/database", "POST") if name is None else (f"/v1/database/{name}", "PUT")
        return self.ask(method, path, content=self.program(module), **request)

    def new_database(self, module: str) -> str:
        """The name of a database that was published for one test alone."""
        name = fresh_name(module.replace("_", "-"))
        answer = self.publish(module, name)
        assert answer.status_code == 200, answer.text
        return name

    def new_token(self) -> tuple[str, str]:
        """Identity and token of somebody else."""
        made = self.ask("POST", "/v1/identity", token=None).json()
        return made["identity"], made["token"]

    def client(self, token: str | None = "own") -> ApiClient:
        return ApiClient(self.url, self.token if token == "own" else token)
