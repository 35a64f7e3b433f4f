"""Commands of the build: what zig is called as, and CPython's own configure and make."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

JOBS = os.cpu_count() or 1

_SOURCE_DATE = "1786320000"
"""What ``__DATE__`` says: a moment in the month of CPython 3.13.15."""


class BuildError(Exception):
    """A step of the build failed."""


@dataclass(frozen=True)
class Toolchain:
    """zig as C compiler, archiver and linker: for this machine, and for WebAssembly."""

    zig: Path
    programs: Path
    """Where the programs are that configure and make call: short scripts around zig."""
    cache: Path

    def write_programs(self) -> None:
        self.programs.mkdir(parents=True, exist_ok=True)
        for name, arguments in {
            "native-cc": "cc -Wno-date-time",
            "wasm-cc": "cc -target wasm32-wasi -Wno-date-time",
            "ar": "ar",
            "ranlib": "ranlib",
        }.items():
            program = self.programs / name
            program.write_text(f'#!/bin/sh\nexec nice -n 1 "{self.zig}" {arguments} "$@"\n')
            program.chmod(0o755)

    def program(self, name: str) -> str:
        return str(self.programs / name)

    def run(
        self, command: Sequence[str], folder: Path, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """Runs a command, whose output goes to the end of a file. Raises BuildError with its last lines."""
        with log.open("ab") as output:
            done = subprocess.run(
                command, cwd=folder, env=self._environment(environment or {}), stdout=output, stderr=output, check=False
            )
        if done.returncode != 0:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            raise BuildError(f"{command[0]} failed in {folder}; all of its output is in {log}:\n{tail}")

    def output(self, command: Sequence[str], folder: Path) -> str:
        """What a command that does not fail writes, to either stream."""
        environment = self._environment({})
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BuildError(f"{command[0]} failed in {folder}:\n{done.stderr}")
        return done.stdout + done.stderr

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """None of the caller's: variables such as CFLAGS would find their way into the result."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.cache),
            "LC_ALL": "C",
            "TZ": "UTC",
            "SOURCE_DATE_EPOCH": _SOURCE_DATE,
            "ZIG_GLOBAL_CACHE_DIR": str(self.cache),
            "ZIG_LOCAL_CACHE_DIR": str(self.cache),
            **more,
        }
