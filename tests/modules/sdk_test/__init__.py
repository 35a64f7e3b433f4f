"""SpacetimeDB's test of SDKs, as a Python module: every column type, constraint and kind of reducer.

Its schema is that of ``sdk_test-1.2.0.wasm``, which Rust's library 1.2.0 made of ``modules/sdk-test``.
"""

from . import callers, composite, indexed, lists, options, primary_keys, single, types, unique

__all__ = ["callers", "composite", "indexed", "lists", "options", "primary_keys", "single", "types", "unique"]
