"""The shell of ``stdbpy sql``: asks for statements on a terminal and shows what they return."""

from stdbpy.cli.shell.loop import run_shell

__all__ = ["run_shell"]
