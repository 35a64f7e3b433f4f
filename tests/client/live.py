"""Databases that the tests of live connections use, and clients for them as generated code would be."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from stdbpy.api import ApiClient
from stdbpy.client import AsyncConnection, Connection
from stdbpy.client.connection import GeneratedClient
from stdbpy.client.runtime_module import RuntimeModule
from tests.contract.subject import fresh_name


@dataclass(frozen=True)
class Place:
    """A server and a chat database on it."""

    kind: str
    url: str
    database: str
    token: str = field(repr=False)
    """Of who published it."""
    publish: Callable[[str], None] = field(repr=False)
    """Publishes a module, by its name in ``tests/modules``, over the database."""

    @property
    def is_old(self) -> bool:
        return self.kind == "1.2.0"

    @functools.cached_property
    def generated(self) -> GeneratedClient:
        with ApiClient(self.url) as api:
            return generated_for(api.schema(self.database))

    @property
    def sync_class(self) -> type[Connection]:
        return type("ChatConnection", (Connection,), {"generated": self.generated})

    @property
    def async_class(self) -> type[AsyncConnection]:
        return type("AsyncChatConnection", (AsyncConnection,), {"generated": self.generated})


def generated_for(schema) -> GeneratedClient:
    """What generated code hands over; unlike a module that is made when connecting, it may not fit the database."""
    module = RuntimeModule(schema)
    binding = type("Generated", (), {"schema": module.schema, "catalog": module.catalog})()
    return GeneratedClient(binding, module.tables, module.reducers, module.procedures, module.procedures)


def eventually(holds: Callable[[], bool], within: float = 60.0) -> None:
    """Waits for what another program does."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "it has not come to be"
        time.sleep(0.005)


__all__ = ["Place", "eventually", "fresh_name", "generated_for"]
