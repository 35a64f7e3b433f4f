"""The Python toolchain for SpacetimeDB."""

__version__ = "0.1.0"
