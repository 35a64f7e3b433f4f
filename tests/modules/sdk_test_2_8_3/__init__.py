"""SpacetimeDB's test of SDKs as of 2.8.3, as a Python module: every column type, constraint and kind of reducer.

Its schema is that of ``sdk_test-2.8.3.wasm``, which Rust's library 2.8.3 made of ``modules/sdk-test``,
under the names that the server gives: Python modules have no policy that changes names, so they say
``one_u_8`` themselves.
"""

from . import calls, defining, several_tables, tables, types

__all__ = ["calls", "defining", "several_tables", "tables", "types"]
