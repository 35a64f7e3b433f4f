"""The server's key pair: P-256, which signs and checks its tokens (ES256)."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from stdbpy.errors import DataDirectoryError
from stdbpy.server.secret_files import write_secret

PRIVATE_KEY = "id_ecdsa"
PUBLIC_KEY = "id_ecdsa.pub"


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """Where a key pair is kept: PEM, the private key as PKCS #8, as SpacetimeDB itself keeps its own."""

    private: Path
    public: Path

    @classmethod
    def in_folder(cls, folder: Path) -> KeyFiles:
        """Under the names that SpacetimeDB gives them."""
        return cls(folder / PRIVATE_KEY, folder / PUBLIC_KEY)


@dataclass(frozen=True, slots=True)
class KeyPair:
    private: ec.EllipticCurvePrivateKey = field(repr=False)
    public_pem: bytes

    @property
    def public(self) -> ec.EllipticCurvePublicKey:
        return self.private.public_key()

    def has_signed(self, token: str) -> bool:
        """Whether a JSON web token has this key's signature (ES256; RFC 7515, appendix A.3)."""
        claims, _, signature = token.rpartition(".")
        try:
            numbers = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
            middle = len(numbers) // 2
            pair = encode_dss_signature(
                int.from_bytes(numbers[:middle], "big"), int.from_bytes(numbers[middle:], "big")
            )
            self.public.verify(pair, claims.encode(), ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True

    @classmethod
    def generate(cls) -> KeyPair:
        return cls._of(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def _of(cls, private: ec.EllipticCurvePrivateKey) -> KeyPair:
        pem = private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return cls(private, pem)

    @classmethod
    def load_or_create(cls, files: KeyFiles) -> KeyPair:
        """The keys in ``files``, made there (the private one readable by its owner alone) if there are none.

        Raises :class:`DataDirectoryError` for files that are no such keys.
        """
        path = files.private
        try:
            pem = path.read_bytes()
        except FileNotFoundError:
            keys = cls.generate()
            keys.write(files)
            return keys
        except OSError as error:
            raise DataDirectoryError(f"the server's key {path} cannot be read: {error.strerror}") from error
        try:
            private = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise _no_key(path) from None
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
            raise _no_key(path)
        return cls._of(private)

    def write(self, files: KeyFiles) -> None:
        """Raises :class:`DataDirectoryError`."""
        private_pem = self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        try:
            for path in (files.public, files.private):
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.public.write_bytes(self.public_pem)
            write_secret(files.private, private_pem)
        except OSError as error:
            raise DataDirectoryError(
                f"the server's key cannot be written to {files.private.parent}: {os.strerror(error.errno or 0)}",
                hint="Choose another data directory with --data-dir, or another one for keys with --jwt-key-dir.",
            ) from error


def _no_key(path: Path) -> DataDirectoryError:
    return DataDirectoryError(
        f"{path} is not a P-256 private key in PEM",
        hint="Remove it and the server makes a new one; tokens that it gave out before will not be good any more.",
    )
