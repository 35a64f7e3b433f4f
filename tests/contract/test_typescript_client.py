"""The official TypeScript client from npm, with bindings that the official program writes, on Node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import real_servers
from tests.contract.subject import Subject

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

SOURCES = Path(__file__).parent / "typescript"


def run(command: list[str | Path], folder: Path) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def chat_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of two people who chat, ready for Node."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("needs Node and npm: one of them is not installed")
    program = real_servers.program("spacetimedb-cli-2.8.3")
    folder = tmp_path_factory.mktemp("typescript")
    module = folder / "module.wasm"
    module.write_bytes(real_servers.wasm("quickstart_chat-1.2.0"))
    shutil.copytree(SOURCES, folder, dirs_exist_ok=True)
    generate = ["generate", "--lang", "typescript", "--bin-path", module, "--out-dir", folder / "bindings", "--yes"]
    run([program, "--config-path", folder / "cli.toml", *generate], folder)
    run([npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"], folder)
    bundle = ["chat.ts", "--bundle", "--platform=node", "--format=esm", "--outfile=chat.mjs", "--log-level=warning"]
    # undici, which is CommonJS, asks for Node's own modules as such do.
    require = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
    run([folder / "node_modules" / ".bin" / "esbuild", *bundle, f"--banner:js={require}"], folder)
    return folder / "chat.mjs"


def test_two_people_chat(newer_server: Subject, chat_client: Path):
    database = newer_server.new_database("quickstart_chat")
    seen = run(["node", chat_client, newer_server.url, database], chat_client.parent)
    told = [line for line in seen.splitlines() if line.startswith("[")]  # the client has words of its own
    assert [json.loads(line) for line in told] == [
        ["different people", True],
        ["online", 2],
        ["renamed", [None, "Bob"]],
        ["heard", ["Hello, Ada", True, "Transaction"]],
        ["said", ["Reducer", "2"]],
        ["refused", "Messages must not be empty"],
        ["unknown table", True],
        ["matching", ["Hello, Ada"]],
        ["after unsubscribing", 0],
        ["left", True],
        ["the same person", True],
        ["kept name", ["Bob", None]],
    ]
