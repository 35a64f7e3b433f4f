"""The embedded server and the real one at once, for cases that compare what both do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from stdbpy.server.run import RunningServer
from tests.contract.conftest import Subjects, embedded_subject, real_subject
from tests.contract.subject import Subject, fresh_name
from tests.real_servers import RealServer


@dataclass(frozen=True)
class Both:
    embedded: Subject
    real: Subject

    def __iter__(self) -> Iterator[Subject]:
        return iter((self.embedded, self.real))

    def publish(self, program: bytes, stem: str) -> str:
        """The name of a new database on both."""
        name = fresh_name(stem)
        for server in self:
            answer = server.ask("PUT", f"/v1/database/{name}", content=program)
            assert answer.status_code == 200, answer.text
        return name


@pytest.fixture(scope="session")
def both(real_server: RealServer, all_subjects: Subjects) -> Iterator[Both]:
    with RunningServer() as running:
        servers = Both(embedded_subject(running), real_subject("2.8.3", real_server.url))
        for server in servers:
            all_subjects.take(server)
        with servers.embedded.http, servers.real.http:
            yield servers
