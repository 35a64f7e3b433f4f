"""``mount``: modules inside other modules."""

from __future__ import annotations

import sys
from types import ModuleType

from stdbpy.module.declarations import MountDeclaration, record


def mount(module: ModuleType, namespace: str, /) -> None:
    """Makes another module a part of this one, under a namespace: SpacetimeDB's submodules.

    >>> import accounts
    >>> mount(accounts, "auth")

    Tables and functions that ``accounts`` declares, itself or in what is inside of it, are there as
    ``auth.user``, ``auth.log_in``: in SQL, for clients, and as ``ctx.db.auth.user`` here. Its own code
    stays as it is, and reaches them as ``ctx.db.user``; with ``ctx.within("auth", accounts.Ctx)`` it is
    called from outside. It has no ``init``, ``client_connected`` and ``client_disconnected``, and its
    routes are not served.
    """
    user = sys._getframe(1)  # noqa: SLF001
    if not isinstance(module, ModuleType) or not isinstance(namespace, str):
        raise TypeError(f"mount takes a module and a namespace, as in mount(accounts, 'auth'), not {module!r}")
    record(user.f_globals, MountDeclaration(module.__name__, namespace, user.f_lineno))
