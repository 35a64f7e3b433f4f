"""Programs in TypeScript that use the official client from npm, with bindings that the official program writes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import real_servers

PACKAGES = Path(__file__).parent / "typescript" / "package.json"

_REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
"""undici, which is CommonJS, asks for Node's own modules as such do."""


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


def bundled(source: Path, module: bytes, folder: Path) -> Path:
    """The program, ready for Node, with the bindings of that module. Skips the test where something is missing."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("needs Node and npm: one of them is not installed")
    program = real_servers.program("spacetimedb-cli-2.8.3")
    wasm = folder / "module.wasm"
    wasm.write_bytes(module)
    for file in (source, PACKAGES):
        shutil.copy(file, folder)
    generate = ["generate", "--lang", "typescript", "--bin-path", wasm, "--out-dir", folder / "bindings", "--yes"]
    run([program, "--config-path", folder / "cli.toml", *generate], folder)
    run([npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"], folder)
    made = f"{source.stem}.mjs"
    bundle = [source.name, "--bundle", "--platform=node", "--format=esm", f"--outfile={made}", "--log-level=warning"]
    run([folder / "node_modules" / ".bin" / "esbuild", *bundle, f"--banner:js={_REQUIRE}"], folder)
    return folder / made


def told_by(program: Path, *arguments: str) -> list[Any]:
    """What the program tells, a line of JSON for each; the client has words of its own."""
    seen = run(["node", program, *arguments], program.parent)
    return [json.loads(line) for line in seen.splitlines() if line.startswith("[")]
