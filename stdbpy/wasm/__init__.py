"""Compiled modules: what a ``.wasm`` file says of itself."""

from __future__ import annotations

from stdbpy.wasm.description import MAGIC, read_wasm

__all__ = ["MAGIC", "read_wasm"]
