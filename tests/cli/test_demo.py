"""The demo, whole and interrupted."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

from stdbpy.cli.demo import LISTENING

WITHIN = 90
DEMO = (sys.executable, "-m", "stdbpy.cli.demo")


def environment(temporary: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(temporary), "HOME": str(temporary / "nobody"), "PYTHONUNBUFFERED": "1"}


def address_in(output: str) -> tuple[str, int]:
    host, _, port = output.partition(LISTENING)[2].split()[0].rpartition(":")
    return host, int(port)


def nobody_listens(address: tuple[str, int]) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(address) != 0


def test_demo(tmp_path: Path) -> None:
    done = subprocess.run(
        DEMO,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    steps = [line.split()[2] for line in done.stdout.splitlines() if line.startswith("$ stdbpy")]
    assert steps == [
        "init",
        "build",
        "start",
        "publish",
        "call",
        "call",
        "sql",
        "logs",
        "describe",
        "generate",
        "call",
        "call",
    ]
    assert '"Hello from Python!"' in done.stdout
    assert ": Hello from a typed client!\n" in done.stdout
    assert re.search(r"^client \| \d\d:\d\d Ada: Can you hear me\?$", done.stdout, re.MULTILINE)
    assert "client |       You will say: See you later!\n" in done.stdout
    assert re.search(r"^client \| \d\d:\d\d Ada: See you later!$", done.stdout, re.MULTILINE)
    assert done.stdout.splitlines()[-1] == "The demo worked. The server is stopped and nothing is left behind."
    assert list(tmp_path.iterdir()) == []
    assert nobody_listens(address_in(done.stdout))


def test_interrupted_demo(tmp_path: Path) -> None:
    program = (
        "import sys, threading\n"
        "from stdbpy.cli import demo\n"
        "class Waiting(demo._Demo):\n"
        "    def run(self):\n"
        "        with self.server():\n"
        "            threading.Event().wait()\n"
        "demo._Demo = Waiting\n"
        "sys.exit(demo.main())\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        seen = next(line for line in process.stdout if LISTENING in line)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does at Ctrl-C: all of them at once
        _, err = process.communicate(timeout=WITHIN)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 128 + signal.SIGINT
    assert err.splitlines()[-1] == "Interrupted. The server is stopped and nothing is left behind."
    assert list(tmp_path.iterdir()) == []
    assert nobody_listens(address_in(seen))


def test_step_that_fails(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from stdbpy.cli import demo\n"
        "class Failing(demo._Demo):\n"
        "    def run(self):\n"
        "        with self.server():\n"
        "            self.stdbpy('publish', '--bin-path', 'missing.wasm')\n"
        "demo._Demo = Failing\n"
        "sys.exit(demo.main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert "The demo failed: `stdbpy publish --bin-path missing.wasm` ended with exit code 1" in done.stdout
    assert list(tmp_path.iterdir()) == []
    assert nobody_listens(address_in(done.stdout))
