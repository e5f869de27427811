"""libsrt, the system's (Debian: ``libsrt1.5-gnutls``), as far as a caller in live mode needs it (API:
github.com/Haivision/srt, docs/API). It sends in threads of its own; no call here waits.
"""

from __future__ import annotations

import atexit
import ctypes
import ctypes.util
import socket
import sys
from ctypes import c_char_p, c_int, c_size_t, c_void_p
from enum import IntEnum
from functools import cache
from typing import Final

from stentor.base.errors import SetupError

NAMES: Final = ("libsrt-gnutls.so.1.5", "libsrt-openssl.so.1.5", "libsrt.so.1.5", "libsrt.1.5.dylib")
OTHER_NAMES: Final = ("srt-gnutls", "srt-openssl", "srt")
PAYLOAD_BYTES: Final = 1316
"""Seven packets of MPEG-TS: the most that goes in one datagram of SRT's live mode."""
_QUIET: Final = 2
"""Of its own log only what is critical (``LOG_CRIT``)."""
_FULL: Final = 6001
"""``SRT_EASYNCSND``: its buffer takes nothing more now."""


class SrtOption(IntEnum):
    """Options of a socket."""

    SNDSYN = 1
    RCVSYN = 2
    MAXBW = 16
    LATENCY = 23
    PASSPHRASE = 26
    PBKEYLEN = 27
    SNDDROPDELAY = 32
    CONNTIMEO = 36
    STREAMID = 46


class SrtState(IntEnum):
    """States of a socket."""

    INIT = 1
    OPENED = 2
    LISTENING = 3
    CONNECTING = 4
    CONNECTED = 5
    BROKEN = 6
    CLOSING = 7
    CLOSED = 8
    NONEXIST = 9


class SrtReject(IntEnum):
    """Why a call was not taken; from 1000 on servers say it themselves (``access_control.h``)."""

    BADSECRET = 10
    UNSECURE = 11
    TIMEOUT = 16
    UNAUTHORIZED = 1401
    FORBIDDEN = 1403
    NOT_FOUND = 1404
    CONFLICT = 1407


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer = ctypes.POINTER
    for name, result, *arguments in (
        ("srt_startup", c_int),
        ("srt_cleanup", c_int),
        ("srt_setloglevel", None, c_int),
        ("srt_create_socket", c_int),
        ("srt_setsockflag", c_int, c_int, c_int, c_void_p, c_int),
        ("srt_connect", c_int, c_int, c_char_p, c_int),
        ("srt_sendmsg", c_int, c_int, c_char_p, c_int, c_int, c_int),
        ("srt_getsndbuffer", c_int, c_int, pointer(c_size_t), pointer(c_size_t)),
        ("srt_getsockstate", c_int, c_int),
        ("srt_getrejectreason", c_int, c_int),
        ("srt_rejectreason_str", c_char_p, c_int),
        ("srt_getlasterror", c_int, pointer(c_int)),
        ("srt_getlasterror_str", c_char_p),
        ("srt_close", c_int, c_int),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


@cache
def library() -> ctypes.CDLL:
    """libsrt, loaded and started on first use; raises :class:`SetupError` when there is none."""
    for name in filter(None, (*NAMES, *map(ctypes.util.find_library, OTHER_NAMES))):
        try:
            loaded = _declare(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue
        loaded.srt_setloglevel(_QUIET)
        if loaded.srt_startup() < 0:
            continue
        atexit.register(loaded.srt_cleanup)
        return loaded
    raise SetupError("libsrt was not found: install the package libsrt1.5-gnutls.")


class SrtSocket:
    """One call. Nothing waits; :class:`OSError` is raised for what libsrt does not do."""

    def __init__(self) -> None:
        self._library = library()
        self._socket = self._checked(self._library.srt_create_socket())
        self.set(SrtOption.SNDSYN, 0)
        self.set(SrtOption.RCVSYN, 0)

    def set(self, option: SrtOption, value: int | str) -> None:
        """Sets an option before the call."""
        size = 8 if option is SrtOption.MAXBW else 4
        data = value.encode() if isinstance(value, str) else value.to_bytes(size, sys.byteorder)
        self._checked(self._library.srt_setsockflag(self._socket, option, data, len(data)))

    def connect(self, family: int, where: tuple[object, ...]) -> None:
        """Begins to call an address as ``getaddrinfo`` gives it."""
        data = _sockaddr(family, where)
        self._checked(self._library.srt_connect(self._socket, data, len(data)))

    @property
    def state(self) -> SrtState:
        return SrtState(self._library.srt_getsockstate(self._socket))

    @property
    def rejected(self) -> tuple[int, str]:
        """Why it was not taken: the number and libsrt's words for it."""
        reason = int(self._library.srt_getrejectreason(self._socket))
        words = self._library.srt_rejectreason_str(reason)
        return reason, (words or b"").decode("ascii", "replace")

    @property
    def waiting(self) -> tuple[int, int]:
        """What the other side has not confirmed: pieces, and bytes."""
        pieces, size = c_size_t(), c_size_t()
        self._library.srt_getsndbuffer(self._socket, ctypes.byref(pieces), ctypes.byref(size))
        return pieces.value, size.value

    def send(self, data: bytes) -> bool:
        """Takes up to :data:`PAYLOAD_BYTES`; False when there is no room now."""
        if self._library.srt_sendmsg(self._socket, data, len(data), -1, 1) >= 0:
            return True
        if self._library.srt_getlasterror(None) == _FULL:
            return False
        raise self._error()

    def close(self) -> None:
        """Ends the call; may take a moment."""
        self._library.srt_close(self._socket)

    def _checked(self, answer: int) -> int:
        if answer < 0:
            raise self._error()
        return answer

    def _error(self) -> OSError:
        return OSError((self._library.srt_getlasterror_str() or b"").decode("ascii", "replace"))


def _sockaddr(family: int, where: tuple[object, ...]) -> bytes:
    """``struct sockaddr_in`` or ``sockaddr_in6``."""
    host, port = str(where[0]), int(str(where[1]))
    if family == socket.AF_INET6:
        scope = int(str(where[3])) if len(where) > 3 else 0
        rest = bytes(4) + socket.inet_pton(family, host.partition("%")[0]) + scope.to_bytes(4, sys.byteorder)
    else:
        rest = socket.inet_pton(family, host) + bytes(8)
    size = 4 + len(rest)
    first = bytes([size, family]) if sys.platform == "darwin" else family.to_bytes(2, sys.byteorder)
    return first + port.to_bytes(2) + rest
