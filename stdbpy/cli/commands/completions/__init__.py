"""``stdbpy completions``: what the tab key does in shells."""

from __future__ import annotations

COMMANDS = {
    "install": "Let a shell complete commands, options and names.",
    "show": "Write the script that a shell completes with.",
    "uninstall": "Take the script away again.",
}

EXAMPLES = ("stdbpy completions install",)
