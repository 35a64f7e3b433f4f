"""``stdbpy server``: the servers that ``cli.toml`` knows, and the data of those on this machine."""

from __future__ import annotations

COMMANDS = {
    "list": "List the servers that have names.",
    "set-default": "Choose the server that commands use by default.",
    "add": "Give a server a name.",
    "remove": "Forget a server's name.",
    "fingerprint": "Show a server's public key, and keep it.",
    "ping": "See whether a server answers.",
    "edit": "Change a server's name or address.",
    "clear": "Delete all databases of the server on this machine.",
}

EXAMPLES = (
    "stdbpy server list",
    "stdbpy server add staging --url https://stdb.example.com --no-fingerprint --default",
)
