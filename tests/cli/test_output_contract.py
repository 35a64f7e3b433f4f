"""Every command that has data gives it in every format: on stdout alone, readable by what reads that format."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stdbpy.api import ApiClient
from stdbpy.cli.group import load_command, walk
from stdbpy.cli.output import Format
from stdbpy.project.build import build
from stdbpy.project.discover import discover
from stdbpy.project.templates import create_project
from stdbpy.server import RunningServer
from tests.cli.conftest import Finished, Run
from tests.cli.invocations import INVOCATIONS, URL


def options_of(path: tuple[str, ...]) -> set[str]:
    return {spelling for parameter in load_command(*path).params for spelling in parameter.opts}


OTHERWISE = {("publish",): ("publish", "--yes", "--server", URL), ("build",): ("build", "--size")}
"""Commands whose invocation in the table is none that works on the embedded server, or that has data."""

WITHOUT_DATA = {("call",)}
"""Commands that have data, but not those that the table runs: a reducer returns nothing."""

JSON_IS_LINES = {("logs",)}
"""A log has no end while it is followed, so its JSON is lines, as in the official program."""

OWN_FORMATS = {("subscribe",)}
"""Commands whose data is no list of records, with tests of their own for the formats that it has."""

WITH_DATA = [path for path in walk() if "--format" in options_of(path) and path not in WITHOUT_DATA]
TO_FILES = [path for path in WITH_DATA if "--output" in options_of(path)]
IN_ALL_FORMATS = [path for path in WITH_DATA if path not in OWN_FORMATS]
NAMES = {path: " ".join(path) for path in WITH_DATA}
TEXTS = [format for format in Format if not format.is_binary]


def invoke(run: Run, server: RunningServer, path: tuple[str, ...], *more: str) -> Finished:
    words = OTHERWISE.get(path, INVOCATIONS[path].words)
    return run(*(server.url if word == URL else word for word in words), *more)


@pytest.fixture(scope="module")
def project_of_all(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that is published as `chat`, with one message."""
    folder = tmp_path_factory.mktemp("contract") / "chat"
    create_project("chat", folder)
    with ApiClient(server.url, server.owner_token) as api:
        api.publish(build(discover(folder)).package, "chat")
        api.call("chat", "send_message", ["hi"])
    return folder


@pytest.fixture
def database(
    project_of_all: Path, home: Path, wasm_cache: None, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> str:
    monkeypatch.chdir(project_of_all)
    monkeypatch.setenv("STDBPY_SERVER", server.url)
    monkeypatch.setenv("STDBPY_TOKEN", server.owner_token)
    return "chat"


def check(text: str, format: Format, path: tuple[str, ...]) -> None:
    match format:
        case Format.JSON if path in JSON_IS_LINES:
            check(text, Format.JSONL, path)
        case Format.JSON:
            json.loads(text)
        case Format.JSONL:
            assert all(isinstance(json.loads(line), dict) for line in text.splitlines())
        case Format.CSV:
            header, *rows = csv.reader(io.StringIO(text))
            assert all(len(row) == len(header) for row in rows)
        case Format.MARKDOWN:
            header, rule, *rows = text.splitlines()
            assert set(rule) == set("| -")
            assert header.count("|") == rule.count("|")


@pytest.mark.parametrize("format", TEXTS)
@pytest.mark.parametrize("path", IN_ALL_FORMATS, ids=NAMES.get)
def test_format(run: Run, server: RunningServer, database: str, path: tuple[str, ...], format: Format) -> None:
    done = invoke(run, server, path, "--format", format)
    assert done.code == 0, done.err
    check(done.out, format, path)
    assert "Error" not in done.err


@pytest.mark.parametrize("path", WITH_DATA, ids=NAMES.get)
def test_off_a_terminal_data_is_lines_of_json(
    run: Run, server: RunningServer, database: str, path: tuple[str, ...]
) -> None:
    done = invoke(run, server, path)
    assert done.code == 0, done.err
    check(done.out, Format.JSONL, path)


@pytest.mark.parametrize("path", WITH_DATA, ids=NAMES.get)
def test_quiet_leaves_data_alone(run: Run, server: RunningServer, database: str, path: tuple[str, ...]) -> None:
    done = invoke(run, server, path, "--quiet")
    assert (done.code, done.err) == (0, "")
    check(done.out, Format.JSONL, path)


@pytest.mark.parametrize("format", list(Format))
@pytest.mark.parametrize("path", TO_FILES, ids=NAMES.get)
def test_into_a_file(
    run: Run, server: RunningServer, database: str, tmp_path: Path, path: tuple[str, ...], format: Format
) -> None:
    file = tmp_path / f"data.{format}"
    done = invoke(run, server, path, "--format", format, "--output", str(file))
    assert (done.code, done.out) == (0, ""), done.err
    match format:
        case Format.ARROW:
            pa.ipc.open_file(file).read_all()
        case Format.PARQUET:
            pq.read_table(file)
        case _:
            check(file.read_text(), format, path)


@pytest.mark.parametrize("path", IN_ALL_FORMATS, ids=NAMES.get)
def test_a_format_that_there_is_not(run: Run, server: RunningServer, path: tuple[str, ...]) -> None:
    done = invoke(run, server, path, "--format", "jsno")
    assert (done.code, done.out) == (2, "")
    assert done.err == "Error: there is no format 'jsno'\nHint: Did you mean 'json'?\n"
