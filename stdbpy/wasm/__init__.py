"""Compiled modules: what a ``.wasm`` file says of itself, and files that say what they are told.

Reading takes the extra ``server``; writing takes nothing.
"""
