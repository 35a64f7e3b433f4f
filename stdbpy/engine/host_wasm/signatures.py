"""The functions that hosts and modules offer each other, by name and type.

A type is written as in ``"iiI:i"``: parameters, colon, results; ``i`` has 32 bits and ``I`` 64.
"""

from __future__ import annotations

from collections.abc import Sequence

import wasmtime

_ABI_10_0 = {
    "table_id_from_name": "iii:i",
    "index_id_from_name": "iii:i",
    "datastore_table_row_count": "ii:i",
    "datastore_table_scan_bsatn": "ii:i",
    "datastore_index_scan_range_bsatn": "iiiiiiiii:i",
    "datastore_btree_scan_bsatn": "iiiiiiiii:i",
    "row_iter_bsatn_advance": "iii:i",
    "row_iter_bsatn_close": "i:i",
    "datastore_insert_bsatn": "iii:i",
    "datastore_update_bsatn": "iiii:i",
    "datastore_delete_by_index_scan_range_bsatn": "iiiiiiiii:i",
    "datastore_delete_by_btree_scan_bsatn": "iiiiiiiii:i",
    "datastore_delete_all_by_eq_bsatn": "iiii:i",
    "bytes_source_read": "iii:i",
    "bytes_sink_write": "iii:i",
    "console_log": "iiiiiiii:",
    "console_timer_start": "ii:i",
    "console_timer_end": "i:i",
    "identity": "i:",
    "volatile_nonatomic_schedule_immediate": "iiii:",
}

IMPORTS: dict[str, dict[str, str]] = {
    "spacetime_10.0": _ABI_10_0,
    "spacetime_10.1": {"bytes_source_remaining_length": "ii:i"},
    "spacetime_10.2": {"get_jwt": "ii:i"},
    "spacetime_10.3": {
        "procedure_start_mut_tx": "i:i",
        "procedure_commit_mut_tx": ":i",
        "procedure_abort_mut_tx": ":i",
        "procedure_sleep_until": "I:I",
        "procedure_http_request": "iiiii:i",
    },
    "spacetime_10.4": {
        "datastore_index_scan_point_bsatn": "iiii:i",
        "datastore_delete_by_index_scan_point_bsatn": "iiii:i",
    },
    "spacetime_10.5": {"datastore_clear": "ii:i"},
    "spacetime_10.6": {"env_get": "iii:i"},
}
"""What a module can import, by the name of the imported module."""

MEMORY = "memory"
INITIALIZE = "_initialize"
PREINIT = "__preinit__"
SETUP = "__setup__"
DESCRIBE = "__describe_module__"
CALL_REDUCER = "__call_reducer__"
CALL_VIEW = "__call_view__"
CALL_ANONYMOUS_VIEW = "__call_view_anon__"
CALL_PROCEDURE = "__call_procedure__"
CALL_HTTP_HANDLER = "__call_http_handler__"

EXPORTS = {
    SETUP: "i:i",
    DESCRIBE: "i:",
    CALL_REDUCER: "iIIIIIIIii:i",
    CALL_VIEW: "iIIIIii:i",
    CALL_ANONYMOUS_VIEW: "iii:i",
    CALL_PROCEDURE: "iIIIIIIIii:i",
    CALL_HTTP_HANDLER: "iIiiii:i",
}
"""What a module exports, of these types; ``__preinit__…`` and ``_initialize`` take and give nothing."""

REQUIRED = (CALL_REDUCER, DESCRIBE)

_LETTERS = {"i32": "i", "i64": "I"}


def type_of(function: wasmtime.FuncType) -> str:
    return f"{_letters(function.params)}:{_letters(function.results)}"


def _letters(types: Sequence[wasmtime.ValType]) -> str:
    return "".join(_LETTERS.get(str(type), "?") for type in types)
