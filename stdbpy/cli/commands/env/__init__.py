"""``stdbpy env``: the values of a database's environment, which SpacetimeDB has since 2.14."""

from __future__ import annotations

COMMANDS = {
    "list": "List the values of a database's environment, secret ones too.",
    "get": "Write a value of a database's environment, as it is.",
}

EXAMPLES = ("stdbpy env list chat", "stdbpy env get chat API_KEY")
