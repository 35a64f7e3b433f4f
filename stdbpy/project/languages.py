"""The languages that a project's clients are written in, as the official program calls them, and ours.

Source: ``Language`` and ``default_out_dir_for_language`` in ``crates/cli/src/subcommands/generate.rs``.
"""

from __future__ import annotations

from pathlib import Path

PYTHON = "python"
"""Ours; what the others are, the official program writes."""

NAMES = {"typescript": "TypeScript", "csharp": "C#", "rust": "Rust", "unrealcpp": "Unreal C++"}
"""The others, and what people call them."""

SYNONYMS = {
    "py": PYTHON,
    "ts": "typescript",
    "TS": "typescript",
    "c#": "csharp",
    "cs": "csharp",
    "rs": "rust",
    "RS": "rust",
    **dict.fromkeys(("uecpp", "ue5cpp", "unreal"), "unrealcpp"),
}
"""What else may be said for them on the command line. In ``spacetime.json`` those of Unreal may."""

DEFAULT_FOLDERS = {
    "typescript": Path("src/module_bindings"),
    "rust": Path("src/module_bindings"),
    "csharp": Path("module_bindings"),
}
"""Where generated code goes if nobody says, from the folder of ``spacetime.json``."""
