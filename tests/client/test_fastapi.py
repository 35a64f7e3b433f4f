"""FastAPI takes and gives rows that are pydantic models, and SpacetimeDB's values as parameters."""
# Annotations are not postponed here: FastAPI could not look up names that a function has.

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from stdbpy.sats import Identity, Timestamp, u8
from tests.client.generated import awkward_row, golden

awkward = golden("awkward_pydantic_client")
types = awkward.types

ADA = Identity.from_int(0xADA)
ROW = awkward_row(awkward)

app = FastAPI()


@app.get("/rows/{owner}")
def get_rows(owner: Identity, at: Timestamp, limit: u8 = 1) -> list[types.Row]:
    assert (owner, at, limit) == (ADA, ROW.moment, 2)
    return [ROW]


@app.put("/trees")
def put_tree(tree: types.Tree) -> types.Tree:
    assert tree == ROW.tree
    return tree


def ask(method: str, path: str, **request: object) -> httpx.Response:
    async def answer() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
            return await client.request(method, path, **request)  # type: ignore[arg-type]

    return asyncio.run(answer())


def test_rows_are_given() -> None:
    answer = ask("GET", f"/rows/0x{ADA.hex()}", params={"at": str(ROW.moment), "limit": 2})
    assert answer.status_code == 200, answer.text
    [row] = answer.json()
    assert row["class"] == 2**64 - 1
    assert types.Row.model_validate_json(answer.text[1:-1]) == ROW


def test_unions_are_taken_and_given() -> None:
    tree = ROW.tree.model_dump(mode="json")
    answer = ask("PUT", "/trees", json=tree)
    assert (answer.status_code, answer.json()) == (200, tree)


@pytest.mark.parametrize(
    ("method", "path", "request_"),
    [
        ("GET", "/rows/ada", {"params": {"at": str(ROW.moment)}}),
        ("GET", f"/rows/{ADA.hex()}", {"params": {"at": "yesterday"}}),
        ("GET", f"/rows/{ADA.hex()}", {"params": {"at": str(ROW.moment), "limit": 256}}),
        ("PUT", "/trees", {"json": {"tag": "Branch"}}),
        ("PUT", "/trees", {"json": {"tag": "Node", "value": {"left": {"tag": "Leaf"}}}}),
    ],
)
def test_what_does_not_fit_is_refused(method: str, path: str, request_: dict[str, object]) -> None:
    assert ask(method, path, **request_).status_code == 422


def test_openapi_describes_them() -> None:
    document = ask("GET", "/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert schemas["TreeNode-Input"]["properties"]["tag"]["const"] == "Node"
    assert schemas["Row"]["properties"]["moment"]["anyOf"][0]["format"] == "date-time"
    [owner, *_] = document["paths"]["/rows/{owner}"]["get"]["parameters"]
    assert owner["schema"]["pattern"] == "^(0x)?[0-9a-fA-F]{64}$"
