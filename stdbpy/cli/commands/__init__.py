"""The commands: one module each, named as the command, imported only when it runs.

A command's module has a function ``run``, whose parameters are the command's and whose docstring is
its help; ``EXAMPLES``, the lines shown under it, which a test runs; and ``LEFT_OUT`` if the official
program has options for it that are refused here (:mod:`stdbpy.cli.left_out`). A package with its own
``COMMANDS`` is a group of commands, and with ``run`` as well also one itself.
"""

from __future__ import annotations

from stdbpy.cli.left_out import LeftOut

COMMANDS = {
    "init": "Create a project: a module, a client and a test.",
    "build": "Check a module, show its problems, and write it as WebAssembly.",
    "dev": "Work on a project: server, module, generated code and client, kept up to date.",
    "start": "Start a SpacetimeDB server on this machine.",
    "publish": "Create or update databases from modules.",
    "call": "Call a reducer or procedure of a database.",
    "sql": "Run SQL on a database.",
    "subscribe": "Follow the rows that queries give, and how they change, until interrupted.",
    "logs": "Show what a database logged.",
    "describe": "Show tables, reducers and types of a database or module.",
    "generate": "Write a typed Python package for a module's clients.",
    "list": "List the databases that belong to you.",
    "env": "Show the values of a database's environment.",
    "rename": "Give a database another name.",
    "lock": "Keep a database from being deleted or cleared until it is unlocked.",
    "unlock": "Let a locked database be deleted and cleared again.",
    "delete": "Delete a database with all its data.",
    "login": "Log in: in the browser, at a server, or with a token.",
    "logout": "Forget your login.",
    "server": "Name servers, see whether they answer, clear their data.",
    "doctor": "Look whether everything is set up as it should be.",
    "completions": "Let shells complete commands, options and names.",
    "version": "Show the version of stdbpy, or of a server.",
}
"""Each command with the line that the list of commands shows: nothing is imported to show it."""

LEFT_OUT = {
    name: LeftOut("not in this version", hint=f"The official program has it: `spacetime {name}`") for name in ("mcp",)
}
