"""Every route, asked in many ways: the embedded server answers as the real one does.

What is compared of an answer, :mod:`tests.contract.http_transcript` says; the differences that are meant, and why,
are told by :func:`wanted` here.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from stdbpy.server import RunningServer
from tests.contract import http_requests
from tests.contract.conftest import embedded_subject, real_subject
from tests.contract.http_requests import AskedFor
from tests.contract.http_transcript import Told, Transcriber
from tests.real_servers import RealServer

pytestmark = pytest.mark.real

BAD_REQUEST, NOT_FOUND, SERVER_ERROR = 400, 404, 500


@pytest.fixture(scope="module")
def transcribers(real_server: RealServer) -> tuple[Transcriber, Transcriber]:
    """Of the real server, and of the embedded one."""
    made = []
    with RunningServer() as running:
        for subject in (real_subject("2.8.3", real_server.url), embedded_subject(running)):
            made.append(Transcriber(subject, subject.new_database("quickstart_chat"), subject.new_token()))
        real, embedded = made
        yield real, embedded


def wanted(asked: AskedFor, real: Told) -> Told:
    """What the embedded server is to answer, from what the real one does."""
    takes_programs = asked.path.partition("?")[0].endswith(("/v1/database", "new-database", "{chat}", "/pre_publish"))
    if asked.method in {"POST", "PUT"} and takes_programs and real.status == SERVER_ERROR:
        # A program that is none is the client's mistake: the real server says that it has failed itself.
        return replace(real, status=BAD_REQUEST)
    if asked.path.endswith(f"{http_requests.NO_IDENTITY}/subscribe") and real.status == SERVER_ERROR:
        # So is an identity that nothing has.
        return replace(real, status=NOT_FOUND)
    if isinstance(real.body, dict) and "host_type" in real.body:
        # The module is the same, but in Python.
        return replace(real, body={**real.body, "host_type": {"Python": []}})
    return real


@pytest.mark.parametrize("section", http_requests.EVERYTHING)
def test_answers_are_alike(transcribers: tuple[Transcriber, Transcriber], section: str) -> None:
    real, embedded = transcribers
    asked = list(http_requests.EVERYTHING[section]())
    expected = {str(one): wanted(one, real.ask(one)) for one in asked}
    given = {str(one): embedded.ask(one) for one in asked}
    different = {one: (told, given[one]) for one, told in expected.items() if given[one] != told}
    assert not different
