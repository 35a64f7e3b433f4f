"""The WebAssembly host: runs modules of any language on the tables themselves.

Source of the facts: ``crates/bindings-sys``, ``crates/core/src/host/wasmtime`` and
``crates/core/src/host/wasm_common`` of SpacetimeDB 2.8.3. wasmtime, of the extra ``server``, is imported by the first
program that is WebAssembly.
"""
