"""Builds what ``stdbpy build`` makes modules of: CPython as a WebAssembly module whose imports are SpacetimeDB's host
functions alone, and its standard library. ``python -m runtime`` writes both, compressed, into ``stdbpy/wasm/runtime``.

It takes CPython's source from the Debian mirror that apt is set up with, and the compiler (zig, which brings C's
library for WebAssembly along) from the Python package index. Both are of one version, whose checksum is in
:mod:`runtime.sources`: from the same files come the same bytes, on any machine.
"""
