"""Module definition V10: the layout of its sections.

Source of the format: ``crates/lib/src/db/raw_def/v10.rs`` of SpacetimeDB 2.8.3, and of
``spacetimedb-lib`` 2.14 for the sections Environment and Outboxes and explicit names of namespaces.
A definition is a list of sections in any order; new kinds are appended to the enum. See
``v10_reading.py`` and ``v10_writing.py`` for what they mean.
"""

from __future__ import annotations

from stdbpy.sats.meta import ALGEBRAIC_TYPE, META_TYPESPACE, PRODUCT_TYPE
from stdbpy.sats.types import BYTES, UNIT, ArrayType, Primitive, SumType, TypeRef, option, product, sum_of
from stdbpy.schema import raw_parts as parts

SECTION = TypeRef(len(META_TYPESPACE))
MODULE_V10 = product(("sections", ArrayType(SECTION)))

_COLUMN_DEFAULT = product(("col_id", parts.COLUMN), ("value", BYTES))
_TABLE = product(
    ("source_name", parts.STRING),
    ("product_type_ref", parts.TYPE_INDEX),
    ("primary_key", parts.COLUMNS),
    ("indexes", ArrayType(parts.index_type("source_name"))),
    ("constraints", ArrayType(parts.constraint_type("source_name"))),
    ("sequences", ArrayType(parts.sequence_type("source_name"))),
    ("table_type", parts.TABLE_KIND),
    ("table_access", parts.TABLE_ACCESS),
    ("default_values", ArrayType(_COLUMN_DEFAULT)),
    ("is_event", parts.BOOL),
)
_VISIBILITY = sum_of(("Private", UNIT), ("ClientCallable", UNIT))
_REDUCER = product(
    ("source_name", parts.STRING),
    ("params", PRODUCT_TYPE),
    ("visibility", _VISIBILITY),
    ("ok_return_type", ALGEBRAIC_TYPE),
    ("err_return_type", ALGEBRAIC_TYPE),
)
_PROCEDURE = product(
    ("source_name", parts.STRING),
    ("params", PRODUCT_TYPE),
    ("return_type", ALGEBRAIC_TYPE),
    ("visibility", _VISIBILITY),
)
_VIEW = product(
    ("source_name", parts.STRING),
    ("index", Primitive.U32),
    ("is_public", parts.BOOL),
    ("is_anonymous", parts.BOOL),
    ("params", PRODUCT_TYPE),
    ("return_type", ALGEBRAIC_TYPE),
)
_SCHEDULE = product(
    ("source_name", option(parts.STRING)),
    ("table_name", parts.STRING),
    ("schedule_at_col", parts.COLUMN),
    ("function_name", parts.STRING),
)
_LIFECYCLE_REDUCER = product(("lifecycle_spec", parts.LIFECYCLE), ("function_name", parts.STRING))
_CASE_POLICY = sum_of(("None", UNIT), ("SnakeCase", UNIT))
_NAME_MAPPING = product(("source_name", parts.STRING), ("canonical_name", parts.STRING))
_EXPLICIT_NAMES = product(
    (
        "entries",
        ArrayType(
            sum_of(
                ("Table", _NAME_MAPPING),
                ("Function", _NAME_MAPPING),
                ("Index", _NAME_MAPPING),
                ("Namespace", _NAME_MAPPING),
            )
        ),
    )
)
HTTP_METHODS = ("Get", "Head", "Post", "Put", "Delete", "Connect", "Options", "Trace", "Patch")
_METHOD = sum_of(*((method, UNIT) for method in HTTP_METHODS), ("Extension", parts.STRING))
_HTTP_ROUTE = product(
    ("handler_function", parts.STRING), ("method", sum_of(("Any", UNIT), ("Method", _METHOD))), ("path", parts.STRING)
)
_VIEW_PRIMARY_KEY = product(("view_source_name", parts.STRING), ("columns", ArrayType(parts.STRING)))
_SUBMODULE = product(("namespace", parts.STRING), ("module", MODULE_V10))
_ENVIRONMENT_VALUE = product(
    ("name", parts.STRING),
    (
        "ty",
        sum_of(("String", UNIT), ("StringLiteral", parts.STRING), ("Union", ArrayType(parts.STRING))),
    ),
    ("optional", parts.BOOL),
)
_OUTBOX = product(
    ("table_name", parts.STRING),
    ("remote_reducer", parts.STRING),
    ("target_column", parts.COLUMN),
    ("arg_columns", ArrayType(parts.COLUMN)),
    ("on_result_reducer", option(parts.STRING)),
    ("signature_hash", Primitive.U256),
)

SECTIONS: SumType = sum_of(
    ("Typespace", parts.TYPESPACE),
    ("Types", ArrayType(parts.type_definition_type("source_name", "source_name"))),
    ("Tables", ArrayType(_TABLE)),
    ("Reducers", ArrayType(_REDUCER)),
    ("Procedures", ArrayType(_PROCEDURE)),
    ("Views", ArrayType(_VIEW)),
    ("Schedules", ArrayType(_SCHEDULE)),
    ("LifeCycleReducers", ArrayType(_LIFECYCLE_REDUCER)),
    ("RowLevelSecurity", ArrayType(parts.ROW_LEVEL_SECURITY)),
    ("CaseConversionPolicy", _CASE_POLICY),
    ("ExplicitNames", _EXPLICIT_NAMES),
    ("HttpHandlers", ArrayType(product(("source_name", parts.STRING)))),
    ("HttpRoutes", ArrayType(_HTTP_ROUTE)),
    ("ViewPrimaryKeys", ArrayType(_VIEW_PRIMARY_KEY)),
    ("Submodules", ArrayType(_SUBMODULE)),
    ("Environment", ArrayType(_ENVIRONMENT_VALUE)),
    ("Outboxes", ArrayType(_OUTBOX)),
)
V10_TYPESPACE = (*META_TYPESPACE, SECTIONS)
"""What the references of :data:`SECTION` and :data:`MODULE_V10` lead to."""
