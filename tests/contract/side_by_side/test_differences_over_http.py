"""Routes and headers that the embedded server treats in another way than the real one, each looked at on both."""

from __future__ import annotations

import re

import pytest

from stdbpy.sats.types import IDENTITY, Primitive, product
from stdbpy.schema import Outbox
from stdbpy.schema.definition import write_module_def
from stdbpy.wasm.definition_module import definition_module
from tests import real_servers
from tests.contract.side_by_side.conftest import Both
from tests.contract.subject import Subject, fresh_name
from tests.schema.builders import keyed, module

pytestmark = pytest.mark.real

NOT_FOUND = 404

SENDING = module(
    product(("id", Primitive.U64), ("to", IDENTITY)), table=keyed(outbox=Outbox("receive", 1, (), None, 1))
)


@pytest.mark.difference("calls of reducers in other databases (outboxes)")
def test_outboxes(both: Both):
    program = definition_module(write_module_def(SENDING, 10))
    name = fresh_name("outboxes")
    embedded, real = (server.ask("PUT", f"/v1/database/{name}", content=program) for server in both)
    assert embedded.status_code == 200, embedded.text
    assert real.status_code >= 400


@pytest.mark.difference("`-0` for an integer in JSON")
def test_minus_nothing(both: Both):
    database = both.publish(real_servers.wasm("sdk_test-2.8.3"), "numbers")
    statuses = [server.call(database, "insert_one_i_32", "[-0]").status_code for server in both]
    assert statuses == [200, 400]


@pytest.mark.difference("routes for language models and of heap profiles")
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/mcp"), ("GET", "/internal/heap/settings")])
def test_routes_that_are_not_here(both: Both, method: str, path: str):
    embedded, real = (server.ask(method, path).status_code for server in both)
    assert embedded == NOT_FOUND
    assert real != NOT_FOUND


@pytest.mark.difference("values of a database's environment")
def test_values_of_the_environment(both: Both):
    database = both.publish(_routes(), "environment")
    statuses = [server.ask("GET", f"/v1/database/{database}/environment").status_code for server in both]
    assert statuses == [200, NOT_FOUND]


@pytest.mark.difference("requests to another `Host`, or from web pages of another `Origin`")
@pytest.mark.parametrize("headers", [{"host": "example.org"}, {"origin": "https://example.org"}])
@pytest.mark.parametrize("path", ["/v1/ping", "/v1/database/{database}/route/get"])
def test_who_may_ask(both: Both, path: str, headers: dict[str, str]):
    database = both.publish(_routes(), "fence")
    statuses = [server.ask("GET", path.format(database=database), headers=headers).status_code for server in both]
    assert statuses == [403, 200]


@pytest.mark.difference("sentences of errors")
def test_sentences(both: Both):
    database = both.publish(_routes(), "sentences")
    embedded, real = (server.sql(database, "SELECT * FROM nothing") for server in both)
    assert embedded.status_code == real.status_code
    assert embedded.text != real.text


@pytest.mark.difference("floats in JSON")
@pytest.mark.parametrize("value", [-7.312715117751976e-237, -1.3446586418989325e-299, 3.9166573353688696e-29])
def test_floats(both: Both, value: float):
    database = both.publish(real_servers.wasm("sdk_test-2.8.3"), "floats")
    stored = []
    for server in both:
        server.call(database, "insert_one_f_64", f"[{value!r}]")
        stored.append(server.rows(database, "SELECT * FROM one_f_64") == [[value]])
    assert stored == [True, False]


@pytest.mark.difference("figures for Prometheus")
def test_figures(both: Both):
    database = both.publish(real_servers.wasm("quickstart_chat-1.2.0"), "figures")
    for server in both:
        assert server.call(database, "set_name", '["Ada"]').is_success
    embedded, real = map(_names_of_figures, both)
    assert embedded
    assert embedded < real


def _names_of_figures(server: Subject) -> set[str]:
    """A server has thousands of lines when others have tested it: they are not looked at further."""
    lines = server.ask("GET", "/v1/metrics", token=None).text.splitlines()
    return {re.split(r"[{ ]", line, maxsplit=1)[0] for line in lines if not line.startswith("#")}


def _routes() -> bytes:
    return real_servers.program("smoketests/http_routes.wasm").read_bytes()
