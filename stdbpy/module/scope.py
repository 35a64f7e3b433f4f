"""What the contexts of a module have in common while it is joined with a database."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from stdbpy.errors import nearest
from stdbpy.module.assembly.module import Assembled
from stdbpy.module.environment import Environment
from stdbpy.module.handles import Tables
from stdbpy.module.host import Host
from stdbpy.module.queries import Queries
from stdbpy.module.view_context import AnonymousViewContext
from stdbpy.sats.values import Identity


class Scope:
    """A module in a database: the outermost, or one that is mounted inside."""

    __slots__ = ("databases", "env", "host", "identity", "log", "mounted", "prefix", "queries")

    def __init__(
        self, assembled: Assembled, host: Host, identity: Identity, log: logging.Logger, host_of_views: Host
    ) -> None:
        self.host = host
        self.identity = identity
        """The database's."""
        self.log = log
        self.prefix = assembled.prefix
        self.env = Environment(assembled.environment, host, assembled.prefix)
        self.queries = Queries(assembled.schema, assembled.tables)
        self.databases: Mapping[type, Tables] = {
            context: layout.db_class(layout, host_of_views if issubclass(context, AnonymousViewContext) else host)
            for context, layout in assembled.databases.items()
        }
        """By the class of the context that has it for its ``db``."""
        self.mounted = {
            namespace: Scope(inside, host, identity, log, host_of_views)
            for namespace, inside in assembled.mounted.items()
        }

    def tell_identity(self, identity: Identity) -> None:
        self.identity = identity
        for scope in self.mounted.values():
            scope.tell_identity(identity)

    def inside(self, namespace: str, context_class: type) -> Scope:
        """The module mounted there, whose functions take such a context. Raises ``LookupError`` and ``TypeError``."""
        scope = self.mounted.get(namespace)
        if scope is None:
            hint = nearest(namespace, self.mounted) or f"There are {', '.join(self.mounted) or 'none'}"
            raise LookupError(f"no module is mounted as {namespace!r}. {hint}")
        if context_class not in scope.databases:
            raise TypeError(
                f"{context_class.__name__} is the context of no function of the module mounted as {namespace!r}"
            )
        return scope
