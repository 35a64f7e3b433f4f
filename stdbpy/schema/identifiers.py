"""Which names a module may use.

Source of the rules: ``crates/schema/src/identifier.rs`` of SpacetimeDB 2.8.3, which names
Unicode's annexes 15 (normalization form C) and 31 (identifiers). No words are reserved.
"""

from __future__ import annotations

from stdbpy.errors import Problem


def identifier_fault(name: str) -> str:
    """What is wrong with a name, as the end of a sentence that starts with it; ``""`` if nothing is."""
    if not name:
        return "is empty"
    if not name.isascii() and not _is_normal(name):
        return "is not in Unicode's normalization form C"
    if not name[0].isidentifier():
        return f"starts with {name[0]!r}, which is neither a letter nor an underscore"
    for character in name:
        if not f"_{character}".isidentifier():
            return f"holds {character!r}, which is neither a letter, a digit nor an underscore"
    return ""


def _is_normal(name: str) -> bool:
    import unicodedata  # it would be in every module in WebAssembly

    return unicodedata.is_normalized("NFC", name)


def name_problem(where: str, name: str, source_name: str = "") -> Problem | None:
    """The finding about a name, or about what the case conversion policy made of ``source_name``."""
    for word in dict.fromkeys((source_name or name, name)):
        fault = identifier_fault(word)
        if fault:
            made_of = f" (made of {source_name!r})" if word != source_name and source_name else ""
            return Problem(
                "error",
                where,
                f"the name {word!r}{made_of} {fault}",
                "Use letters, digits and underscores, and do not start with a digit",
            )
    return None
