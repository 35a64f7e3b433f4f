"""Properties that authors write in classes which look names up themselves, in ``__getattr__``."""

from __future__ import annotations

from functools import cached_property


def is_property(owner: object, name: str) -> bool:
    """Whether the class has a property of that name.

    Python asks ``__getattr__`` for it when the property has raised ``AttributeError``, and has forgotten then which;
    ``object.__getattribute__`` reads it once more and raises what it raises.
    """
    return isinstance(getattr(type(owner), name, None), property | cached_property)
