"""Keccak-256, by which SpacetimeDB names programs and the signatures of reducers.

That is what became SHA-3 but for the padding, and so none of the hashes in :mod:`hashlib`.
"""

from __future__ import annotations


def keccak_256(data: bytes) -> bytes:
    """32 bytes."""
    from Crypto.Hash import keccak  # for a start nothing has to be hashed

    digest: bytes = keccak.new(data=data, digest_bits=256).digest()
    return digest
