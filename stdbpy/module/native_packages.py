"""Packages that authors reach for, and that are nothing without native code, which a module in WebAssembly cannot
have."""

# fmt: off
NATIVE = frozenset((
    "PIL", "bcrypt", "cryptography", "cv2", "duckdb", "grpc", "jax", "lxml", "matplotlib", "msgspec", "nacl", "numba",
    "numpy", "orjson", "pandas", "polars", "psycopg2", "pyarrow", "pydantic", "pydantic_core", "scipy", "shapely",
    "skimage", "sklearn", "tensorflow", "torch", "zmq",
))
# fmt: on
"""By the names under which they are imported."""


def without(name: str) -> str:
    """The hint for an import of such a package, or of something in it; nothing for others."""
    package = name.partition(".")[0]
    if package not in NATIVE:
        return ""
    return f"{package} is native code, which cannot run in WebAssembly, and so not on SpacetimeDB: do without it"
