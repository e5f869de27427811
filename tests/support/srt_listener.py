"""Listens for calls by SRT and says no, each time for another reason: libsrt's own listener, with its callback."""

from __future__ import annotations

import ctypes
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, c_char_p, c_int, c_void_p
from typing import Final

from stentor.courier.simulcast.libsrt import _sockaddr, library

_CALLED: Final = CFUNCTYPE(c_int, c_void_p, c_int, c_int, c_void_p, c_char_p)


@contextmanager
def refusing(port: int, reasons: list[int]) -> Iterator[list[str]]:
    """Refuses calls for the reasons, one after the other and the last one for ever; yields what was asked for."""
    found, streams, left = library(), list[str](), list(reasons)

    def called(_: int, call: int, _version: int, _peer: int, stream: bytes | None) -> int:
        streams.append((stream or b"").decode())
        found.srt_setrejectreason(call, left.pop(0) if len(left) > 1 else left[0])
        return -1

    heard = _CALLED(called)  # kept as long as it may be called
    found.srt_listen_callback.argtypes = [c_int, _CALLED, c_void_p]
    made, where = found.srt_create_socket(), _sockaddr(socket.AF_INET, ("127.0.0.1", port))
    assert found.srt_bind(made, ctypes.c_char_p(where), len(where)) == 0
    assert found.srt_listen_callback(made, heard, None) == 0
    assert found.srt_listen(made, 4) == 0
    try:
        yield streams
    finally:
        found.srt_close(made)
