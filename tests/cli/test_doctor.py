"""``stdbpy doctor``: how findings are shown, and its exit code."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from stdbpy.server import RunningServer
from tests.cli.conftest import Run

FREE = "http://127.0.0.1:9"


@pytest.fixture
def healthy(run: Run, chat: str) -> None:
    assert run("generate").code == 0


def test_all_is_well(run: Run, healthy: None) -> None:
    done = run("doctor")
    assert (done.code, done.err) == (0, "")
    assert {json.loads(line)["level"] for line in done.out.splitlines()} == {"ok"}


def test_a_person_reads_lines(run: Run, healthy: None, server: RunningServer) -> None:
    Path("module_bindings/tables.py").unlink()
    done = run("doctor", "--format", "table")
    assert done.code == 0
    lines = done.out.splitlines()
    place = lines.index("warning  generated code: module_bindings is not up to date: tables.py")
    assert lines[place + 1] == "         fix: stdbpy generate"
    assert any(line.startswith(f"ok       server: {server.url} is the embedded server") for line in lines)


def test_without_the_project(run: Run, healthy: None, server: RunningServer) -> None:
    Path("spacetime.json").write_text("{")
    assert run("doctor").code == 1
    done = run("doctor", "--no-config", "--server", server.url)
    assert (done.code, done.err) == (0, "")
    subjects = [json.loads(line)["subject"] for line in done.out.splitlines()]
    assert "server" in subjects
    assert not {"project", "module", "generated code"}.intersection(subjects)


def test_an_error_among_the_findings(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    done = run("doctor", "--server", FREE)
    assert (done.code, done.err) == (1, "Error: 1 error found: server\n")
    assert [json.loads(line)["subject"] for line in done.out.splitlines() if '"error"' in line] == ["server"]


@pytest.mark.parametrize("format", ["json", "csv", "markdown"])
def test_formats(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    monkeypatch.chdir(home)
    done = run("doctor", "--server", FREE, "--format", format, "--output", str(home / "found"))
    assert (done.code, done.out) == (1, "")
    text = (home / "found").read_text()
    if format == "json":
        assert set(json.loads(text)[0]) == {"level", "subject", "message", "fix"}
    elif format == "csv":
        assert {row["level"] for row in csv.DictReader(io.StringIO(text))} == {"ok", "error"}
    else:
        assert text.startswith("| level | subject | message | fix |")


def test_the_token_is_not_told(run: Run, healthy: None, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for word in (server.owner_token, "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"):
        monkeypatch.setenv("STDBPY_TOKEN", word)
        for format in ("table", "json"):
            done = run("doctor", "--format", format)
            assert word.split(".")[1] not in done.out + done.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    monkeypatch.chdir(home)
    for name in ("BASH_COMPLETION_USER_DIR", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)

    def finding() -> dict[str, str]:
        found = [json.loads(line) for line in run("doctor").out.splitlines()]
        (about,) = (each for each in found if each["subject"] == "completion")
        return about

    assert (finding()["level"], finding()["fix"]) == ("ok", "stdbpy completions install")
    assert run("completions", "install", shell).code == 0
    about = finding()
    assert about["level"] == "ok"
    assert about["message"].startswith(f"{shell}: ")
    script = Path(about["message"].partition(": ")[2])
    script.write_text(f"{script.read_text()}\n# changed\n")
    about = finding()
    assert (about["level"], about["fix"]) == ("warning", f"stdbpy completions install {shell}")


def test_another_configuration(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    (home / "root" / "config").mkdir(parents=True)
    (home / "root" / "config" / "cli.toml").write_text("broken")
    done = run("--root-dir", str(home / "root"), "doctor")
    assert (done.code, done.err) == (1, "Error: 1 error found: cli.toml\n")
