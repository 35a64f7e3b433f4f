"""Random statements: nothing breaks, and the real server answers the same."""

from __future__ import annotations

import itertools
import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.engine.sql.parse import parse
from stdbpy.errors import SqlError
from tests import real_servers
from tests.engine.sql.change_statements import rows
from tests.engine.sql.generated import Statements
from tests.engine.sql.recording import RealDatabase
from tests.engine.sql.steps import Step
from tests.engine.sql.test_answers import OurDatabase, difference, with_identities
from tests.examples_to_try import up_to
from tests.real_servers import RealServer


def steps(seed: int, count: int) -> list[Step]:
    statements = Statements(seed)
    return [*rows(), *statements.rows(), *itertools.islice(statements, count)]


def test_every_statement_is_answered_or_refused() -> None:
    answers = [answer for _, answer in OurDatabase("sdk_test").answers(iter(steps(seed=1, count=1500)))]
    refused = sum(isinstance(answer, SqlError) for answer in answers)
    assert 0.2 < refused / len(answers) < 0.8, "both kinds are there"


@up_to(300)
@given(
    st.text(
        alphabet="sSELECTfromWHEREandINSERTvalues*(),.;:'\"-/+=<>!0123456789xXnNeE$ \n\t_é\x00[]{}@#?|&\\", max_size=60
    )
)
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        parse(text)
    except SqlError as refusal:
        assert refusal.line is None or 1 <= refusal.line <= text.count("\n") + 1


@pytest.mark.parametrize(
    "opening", ["(", "((1), ", "NOT ", "- ", "/*", "$$", "SELECT ", "a.", "a = ", "a AND ", "1 = "]
)
def test_deep_and_long_texts_are_refused_quickly(opening: str) -> None:
    text = "SELECT * FROM t WHERE "
    with pytest.raises(SqlError):
        parse(text + opening * ((50_000 - len(text)) // len(opening)))


@pytest.mark.real
@pytest.mark.parametrize("seed", [101, pytest.param(102, marks=pytest.mark.long)])
def test_the_real_server_answers_the_same(seed: int, real_server: RealServer) -> None:
    statements = steps(seed, count=1500)
    with httpx.Client(base_url=real_server.url, trust_env=False, verify=False, timeout=30) as client:
        database = RealDatabase(client, f"sql-generated-{seed}", real_servers.wasm("sdk_test-2.8.3"))
        theirs = [json.loads(with_identities(json.dumps(answer))) for answer in database.answers(statements)]
    ours = OurDatabase("sdk_test").answers(iter(statements))
    found = [difference(answer, their) for (_, answer), their in zip(ours, theirs, strict=True)]
    different = [sentence for sentence in found if sentence is not None]
    assert not different, f"{len(different)} differences:\n" + "\n".join(different[:20])
