"""What the pages show besides console sessions, and making it real."""

from __future__ import annotations

from pathlib import Path

from stdbpy.project.build import BuiltModule, build
from stdbpy.project.discover import discover
from tests.docs.console import ROOT, blocks

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def all_blocks(kind: str) -> list[tuple[str, str]]:
    """The blocks of that kind on all pages, each with the name of its page."""
    return [(page.relative_to(ROOT).as_posix(), text) for page in PAGES for text in blocks(page, kind)]


def built(module: str, folder: Path) -> BuiltModule:
    """A module of that text in a project of its own. Raises as :func:`stdbpy.project.build.build`."""
    (folder / "pyproject.toml").write_text('[project]\nname = "game"\n', encoding="utf-8")
    (folder / "game.py").write_text(module, encoding="utf-8")
    return build(discover(folder))
