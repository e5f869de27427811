"""The key by which OpenSSL seals TLS tickets. OpenSSL lets it be set and read; Python's ``ssl`` has no way to either.

So the library is asked itself, through ``ctypes``: for the OpenSSL that Python's own ``_ssl`` is linked with, with the
pointer that CPython keeps as the first field of a context. Another layout would be a crash. Nobody calls this in a
process that matters before :mod:`stentor.base.ticket_probe` has seen it work in one that does not.
"""

from __future__ import annotations

import _ssl
import ctypes
import ssl

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

BYTES = 80
"""What OpenSSL wants: the key's name (16), and keys of HMAC-SHA-256 and AES-256 (32 each)."""
_GET, _SET = 58, 59
"""SSL_CTRL_GET_TLSEXT_TICKET_KEYS and SSL_CTRL_SET_TLSEXT_TICKET_KEYS, the same since OpenSSL 0.9.8."""


def derived(shared: bytes, salt: bytes) -> bytes:
    """The key of those who have both halves: a secret of theirs, and a ``salt`` (HKDF, RFC 5869)."""
    return HKDF(hashes.SHA512(), BYTES, salt=salt, info=b"stentor tls tickets").derive(shared)


def put(context: ssl.SSLContext, key: bytes) -> bool:
    """Seals and opens tickets of ``context`` with ``key`` from now on; False where the library takes none."""
    if len(key) != BYTES:
        raise ValueError(f"a key of {len(key)} bytes instead of {BYTES}")
    return _control(context, _SET, key) == 1


def get(context: ssl.SSLContext) -> bytes:
    """The key of ``context``; empty where the library tells none."""
    held = ctypes.create_string_buffer(BYTES)
    return held.raw if _control(context, _GET, held) == 1 else b""


def _control(context: ssl.SSLContext, command: int, argument: bytes | ctypes.Array[ctypes.c_char]) -> int:
    """SSL_CTX_ctrl(3); 0 where it cannot be called, or has keys of another length."""
    try:
        # What a module is linked with is searched for a name after the module itself (dlsym(3)): it is the right
        # library, whatever else is loaded. A module inside the interpreter has no file.
        call = ctypes.CDLL(getattr(_ssl, "__file__", None)).SSL_CTX_ctrl
    except (OSError, AttributeError):  # nothing exports it: OpenSSL is a part of the interpreter
        return 0
    call.argtypes, call.restype = [ctypes.c_void_p, ctypes.c_int, ctypes.c_long, ctypes.c_void_p], ctypes.c_long
    own = ctypes.c_void_p.from_address(id(context) + object.__basicsize__)
    if not own or call(own, _SET, 0, None) != BYTES:
        return 0
    return int(call(own, command, BYTES, argument))
