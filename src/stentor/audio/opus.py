"""Opus packets to blocks and back, through libopus itself (RFC 6716; API: opus-codec.org/docs/opus_api-1.5).

The stage needs what PyAV does not offer: concealment of a lost packet, recovery of a lost packet from the redundancy in
the next one (in-band FEC), and no thread or frame object for each packet. The library is the one inside PyAV's wheel
(1.6.1), else the system's. Mono, 48 kHz: libopus itself mixes a stereo packet down when it decodes for one channel.

Cost on one core of the measured machine: encode 0.35 ms a block, decode 0.08 ms, conceal 0.007 ms.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import cache
from pathlib import Path
from typing import Final

import av
import numpy as np

from stentor.audio.pcm import Block, Samples
from stentor.base.errors import Malformed, SetupError
from stentor.base.grid import SAMPLE_RATE_HZ, TICK_SAMPLES

MAX_PACKET_SAMPLES: Final = 5760
"""120 ms: the longest packet there is (RFC 6716, 3.2.5, R5)."""
SETTLED_BLOCKS: Final = 50
"""After a second of nothing the encoder is not asked any more."""
_ONE_FRAME = 0xFC
"""What a packet's first byte says beside the count of frames, which is one then (RFC 6716, 3.1)."""
MAX_PACKET_BYTES: Final = 1500
"""A packet comes in one datagram of an Ethernet; 20 ms at the highest rate are 1275 bytes."""

_OK = 0
_APPLICATION_VOIP = 2048
_SET_BITRATE = 4002
_SET_VBR = 4006
_SET_COMPLEXITY = 4010
_SET_INBAND_FEC = 4012
_SET_PACKET_LOSS_PERC = 4014
_SET_DTX = 4016
_SET_SIGNAL = 4024
_SIGNAL_VOICE = 3001

_FloatPointer = ctypes.POINTER(ctypes.c_float)


def _candidates() -> list[str]:
    """Where libopus may be, best first: beside PyAV's wheel (Linux, then macOS), then the system's."""
    package = Path(av.__file__).parent
    found = sorted(package.parent.glob("av.libs/libopus*.so*")) + sorted(package.glob(".dylibs/libopus*.dylib"))
    system = ctypes.util.find_library("opus")
    return [str(path) for path in found] + ([system] if system else [])


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, integer, size = ctypes.c_void_p, ctypes.c_int32, ctypes.c_int
    library.opus_encoder_create.restype = pointer
    library.opus_encoder_create.argtypes = [integer, size, size, ctypes.POINTER(size)]
    # Variadic in C: only the fixed arguments are declared, each further one is passed with its own C type.
    library.opus_encoder_ctl.restype = size
    library.opus_encoder_ctl.argtypes = [pointer, size]
    library.opus_encode_float.restype = integer
    library.opus_encode_float.argtypes = [pointer, _FloatPointer, size, ctypes.c_char_p, integer]
    library.opus_encoder_destroy.restype = None
    library.opus_encoder_destroy.argtypes = [pointer]
    library.opus_decoder_create.restype = pointer
    library.opus_decoder_create.argtypes = [integer, size, ctypes.POINTER(size)]
    library.opus_decode_float.restype = size
    library.opus_decode_float.argtypes = [pointer, ctypes.c_char_p, integer, _FloatPointer, size, size]
    library.opus_decoder_destroy.restype = None
    library.opus_decoder_destroy.argtypes = [pointer]
    library.opus_packet_get_nb_samples.restype = size
    library.opus_packet_get_nb_samples.argtypes = [ctypes.c_char_p, integer, integer]
    return library


@cache
def _library() -> ctypes.CDLL:
    """libopus, loaded on first use; raises :class:`SetupError` when there is none."""
    for name in _candidates():
        try:
            return _declare(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue
    raise SetupError("libopus was not found: install PyAV from its wheel (pip install av) or the system's libopus0.")


def packet_samples(packet: bytes) -> int:
    """Length of a packet in samples at 48 kHz (120 … 5760); raises :class:`Malformed`. Decodes nothing."""
    if not 0 < len(packet) <= MAX_PACKET_BYTES:
        raise Malformed(f"An Opus packet of {len(packet)} bytes.")
    samples = int(_library().opus_packet_get_nb_samples(packet, len(packet), SAMPLE_RATE_HZ))
    if not 0 < samples <= MAX_PACKET_SAMPLES:
        raise Malformed("Not an Opus packet.")
    return samples


def has_redundancy(packet: bytes) -> bool:
    """Whether a packet carries a coarse copy of the one before it (in-band FEC; RFC 6716, 4.2.5)."""
    library = _library()
    if not hasattr(library, "opus_packet_has_lbrr"):  # before libopus 1.5: recovery then conceals when there is none
        return True
    return len(packet) > 1 and int(library.opus_packet_has_lbrr(packet, ctypes.c_int32(len(packet)))) == 1


class OpusEncoder:
    """Blocks to packets of 20 ms, one encoder for each signal.

    ``loss_percent`` tells the encoder how much redundancy to spend; ``fec`` puts a coarse copy of each block into the
    next packet. Raises :class:`SetupError` when libopus is missing. Not for two threads at once.
    """

    def __init__(
        self, bitrate_bps: int = 32_000, complexity: int = 5, fec: bool = True, loss_percent: int = 10
    ) -> None:
        self._handle: int | None = None
        self._lib = _library()
        error = ctypes.c_int()
        self._handle = self._lib.opus_encoder_create(SAMPLE_RATE_HZ, 1, _APPLICATION_VOIP, ctypes.byref(error))
        if error.value != _OK or not self._handle:
            raise SetupError(f"libopus made no encoder (error {error.value}).")
        self._silent = 0
        self._nothing = b""
        self._buffer = ctypes.create_string_buffer(MAX_PACKET_BYTES)
        self._set(_SET_BITRATE, bitrate_bps)
        self._set(_SET_COMPLEXITY, complexity)
        self._set(_SET_INBAND_FEC, int(fec))
        self._set(_SET_PACKET_LOSS_PERC, loss_percent)
        self._set(_SET_SIGNAL, _SIGNAL_VOICE)
        self._set(_SET_VBR, 1)
        self._set(_SET_DTX, 0)

    def _set(self, request: int, value: int) -> None:
        status = self._lib.opus_encoder_ctl(self._handle, request, ctypes.c_int32(value))
        if status != _OK:
            raise SetupError(f"libopus refused the setting {request} = {value}.")

    def set_loss_percent(self, loss_percent: int) -> None:
        """Follows the loss that the receiver reports (0 … 100)."""
        self._set(_SET_PACKET_LOSS_PERC, min(100, max(0, loss_percent)))

    @property
    def settled(self) -> bool:
        """Whether there has been nothing for so long that a receiver needs a packet only now and then."""
        return self._silent > SETTLED_BLOCKS

    def encode(self, block: Block) -> bytes:
        """The packet of one block; ``block`` has 960 samples (ValueError otherwise) and is not changed.

        While it is :attr:`settled` the packet is one byte, from which a decoder goes on with silence.
        """
        if block.shape != (TICK_SAMPLES,):
            raise ValueError(f"A block has {TICK_SAMPLES} samples, not {block.shape}.")
        self._silent = 0 if block.any() else self._silent + 1
        if self.settled:
            return self._nothing
        pcm = np.ascontiguousarray(block, dtype=np.float32)
        pointer = pcm.ctypes.data_as(_FloatPointer)
        written = self._lib.opus_encode_float(self._handle, pointer, TICK_SAMPLES, self._buffer, MAX_PACKET_BYTES)
        if written < 0:
            raise RuntimeError(f"libopus did not encode (error {written}).")
        packet = self._buffer.raw[:written]
        # "a frame of length 0 ... indicates that no data is available": discontinuous transmission (RFC 6716, 3.2.1)
        self._nothing = bytes([packet[0] & _ONE_FRAME])
        return packet

    def __del__(self) -> None:
        if self._handle:
            self._lib.opus_encoder_destroy(self._handle)
            self._handle = None


class OpusDecoder:
    """Packets to samples, one decoder for each incoming stream. Not for two threads at once."""

    def __init__(self) -> None:
        self._handle: int | None = None
        self._lib = _library()
        error = ctypes.c_int()
        self._handle = self._lib.opus_decoder_create(SAMPLE_RATE_HZ, 1, ctypes.byref(error))
        if error.value != _OK or not self._handle:
            raise SetupError(f"libopus made no decoder (error {error.value}).")
        self._pcm = np.zeros(MAX_PACKET_SAMPLES, dtype=np.float32)
        self._pointer = self._pcm.ctypes.data_as(_FloatPointer)

    def _run(self, packet: bytes | None, samples: int, fec: int) -> Samples:
        size = len(packet) if packet is not None else 0
        decoded = self._lib.opus_decode_float(self._handle, packet, size, self._pointer, samples, fec)
        if decoded < 0:
            raise Malformed(f"libopus did not decode a packet of {size} bytes (error {decoded}).")
        return self._pcm[:decoded].copy()

    def decode(self, packet: bytes) -> Samples:
        """The samples of a packet: a block for 20 ms, else as many as :func:`packet_samples` says.

        Raises :class:`Malformed` for bytes that are no packet.
        """
        return self._run(packet, packet_samples(packet), 0)

    def conceal(self, samples: int = TICK_SAMPLES) -> Samples:
        """What libopus makes up for a lost packet of ``samples`` (a multiple of 120); fades over about 100 ms."""
        return self._run(None, samples, 0)

    def recover(self, next_packet: bytes, samples: int = TICK_SAMPLES) -> Samples:
        """The lost packet of ``samples`` before ``next_packet``, from the redundancy inside that one.

        Concealment when there is none. ``next_packet`` must be decoded afterwards as usual. Raises :class:`Malformed`.
        """
        packet_samples(next_packet)
        return self._run(next_packet, samples, 1)

    def __del__(self) -> None:
        if self._handle:
            self._lib.opus_decoder_destroy(self._handle)
            self._handle = None
