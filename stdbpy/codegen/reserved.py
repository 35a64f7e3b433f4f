"""Names that generated code must not give out, because something else in the same place has them.

What the runtime classes call their own attributes is written down here, since this room is below
them; ``tests/codegen/test_reserved.py`` compares.
"""

from __future__ import annotations

from stdbpy import sats

BUILT_IN = frozenset({"bool", "bytes", "float", "int", "list", "str", "tuple"})

ANNOTATION_WORDS = BUILT_IN | {"UUID", "types", *sats.__all__}
"""What annotations are made of: an attribute or method of such a name would hide it in its class."""

PYDANTIC_MODEL = frozenset(
    {"construct", "copy", "dict", "from_orm", "json", "parse_file", "parse_obj", "parse_raw", "schema"}
    | {"schema_json", "update_forward_refs", "validate", "model_computed_fields", "model_config", "model_construct"}
    | {"model_copy", "model_dump", "model_dump_json", "model_extra", "model_fields", "model_fields_set"}
    | {"model_json_schema", "model_parametrized_name", "model_post_init", "model_rebuild", "model_validate"}
    | {"model_validate_json", "model_validate_strings"}
)
"""Attributes of ``pydantic.BaseModel``."""

TYPES_FILE = frozenset(
    {"Annotated", "Field", "Literal", "Never", "RowModel", "TypeAlias", "UUID", "VariantModel", "annotations", "enum"}
    | {"msgspec", *sats.__all__}
)
"""What ``types.py`` imports, in either style."""

ARGUMENTS_FILE = frozenset({"ClassVar", "ReducerArguments", "UUID", "annotations", "types", *sats.__all__})
"""What ``arguments.py`` imports."""

CALLS = ANNOTATION_WORDS | {"invoke"}
"""What ``Reducers`` and ``Procedures`` have or name."""

HANDLE = frozenset(
    {"changes", "count", "iter", "on_delete", "on_insert", "on_update"}
    | {"remove_on_delete", "remove_on_insert", "remove_on_update"}
)
"""Attributes of the handles of tables."""

CONNECTION = frozenset(
    {"abandon", "begin", "builder", "call_timeout", "calls_pending", "catalog", "close", "connect"}
    | {"connection_id", "database", "db", "end_subscription", "error", "event_bus", "failed_unseen", "generated"}
    | {"identity", "is_connected", "is_inside_callback", "lock", "look_again", "made", "on_call_timeout"}
    | {"on_callback_error", "on_closed", "on_connect", "on_connect_error", "on_disconnect", "on_event", "on_reconnect"}
    | {"procedures", "query", "reducers", "send", "send_procedures", "send_query", "state", "stats"}
    | {"subscribe", "subscribe_to_all_tables", "subscription_builder", "tables", "tick", "timed_out"}
    | {"token", "transactions"}
    | {"uri", "wait_for", "wait_until", "wait_until_async", "wait_until_connected", "wait_until_or_fail"}
)
"""Attributes of connections, of both kinds."""
