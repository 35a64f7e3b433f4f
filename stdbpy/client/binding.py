"""A module's definition together with the Python classes generated for its types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property

from stdbpy.errors import NoSuchProcedure, NoSuchReducer, nearest
from stdbpy.protocol.catalog import Catalog, FunctionLayout, catalog_of
from stdbpy.schema import schema_from_json
from stdbpy.schema.model import ModuleSchema


class ModuleBinding:
    """What generated code hands to a connection.

    ``definition`` is the V10 module definition as JSON text, ``classes`` the generated class of
    each typespace index, ``mounted`` the same for mounted modules by the prefix of their names
    (``auth.``). They are read at the first use, so that importing a client is quick.
    """

    def __init__(
        self, definition: str, classes: Mapping[int, type], mounted: Mapping[str, Mapping[int, type]] | None = None
    ) -> None:
        self._definition = definition
        self._classes = classes
        self._mounted = mounted or {}

    @cached_property
    def schema(self) -> ModuleSchema:
        return schema_from_json(json.loads(self._definition), 10)

    @cached_property
    def catalog(self) -> Catalog:
        """Codecs of tables and functions, by the names that messages use."""
        return catalog_of(self.schema, self._classes, self._mounted)

    def reducer(self, name: str) -> FunctionLayout:
        """Raises :class:`NoSuchReducer` with the nearest name."""
        found = self.catalog.reducers.get(name)
        if found is None:
            hint = nearest(name, self.catalog.reducers)
            raise NoSuchReducer(f"the module has no reducer {name!r}", hint=hint)
        return found

    def procedure(self, name: str) -> FunctionLayout:
        """Raises :class:`NoSuchProcedure` with the nearest name."""
        found = self.catalog.procedures.get(name)
        if found is None:
            hint = nearest(name, self.catalog.procedures)
            raise NoSuchProcedure(f"the module has no procedure {name!r}", hint=hint)
        return found
