"""Every route, asked in many ways: the embedded server answers as the real one does.

What is compared of an answer, :mod:`tests.contract.http_transcript` says; the differences that are meant, and why,
are told by :func:`wanted` here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from stdbpy.server import RunningServer
from tests import real_servers
from tests.contract import http_requests
from tests.contract.conftest import embedded_subject, real_subject
from tests.contract.http_requests import AskedFor
from tests.contract.http_transcript import Told, Transcriber

pytestmark = pytest.mark.real

BAD_REQUEST, NOT_FOUND, SERVER_ERROR = 400, 404, 500


@pytest.fixture(scope="module")
def transcribers() -> Iterator[tuple[Transcriber, Transcriber]]:
    """Of the real server (one of its own: of many databases it takes long to tell all figures), and of the embedded."""
    made = []
    with real_servers.running("2.8.3") as real_server, RunningServer() as running:
        real = real_subject("2.8.3", real_server.url)
        # Both run the same program.
        for subject in (real, replace(embedded_subject(running), program=real.program)):
            made.append(Transcriber(subject, subject.new_database("quickstart_chat"), subject.new_token()))
        of_real, of_embedded = made
        yield of_real, of_embedded


def wanted(asked: AskedFor, real: Told) -> Told:
    """What the embedded server is to answer, from what the real one does."""
    if asked.path.endswith(f"{http_requests.NO_IDENTITY}/subscribe") and real.status == SERVER_ERROR:
        # The real server says that it has failed itself, when the client has got the identity wrong.
        return replace(real, status=NOT_FOUND)
    if "host_type=Js" in asked.path and real.status == SERVER_ERROR:
        # Neither server runs JavaScript; the real one says so as if it had failed.
        return replace(real, status=BAD_REQUEST)
    return real


@pytest.mark.difference("subscribing to an identity without a database")
@pytest.mark.parametrize("section", http_requests.EVERYTHING)
def test_answers_are_alike(transcribers: tuple[Transcriber, Transcriber], section: str) -> None:
    real, embedded = transcribers
    asked = list(http_requests.EVERYTHING[section]())
    expected = {str(one): wanted(one, real.ask(one)) for one in asked}
    given = {str(one): embedded.ask(one) for one in asked}
    different = {one: (told, given[one]) for one, told in expected.items() if given[one] != told}
    assert not different
