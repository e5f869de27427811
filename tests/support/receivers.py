"""Servers that a simulcast is sent to: nginx's RTMP module and Icecast, also behind TLS, srt-live-transmit, and
GStreamer's WebRTC; and ffprobe, which reads what came.

``python -m tests.support.receivers --install`` installs them with apt when this is root and they are missing.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import av
import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from tests.support import caches, debian, players
from tests.support.ports import free_ports
from tests.support.wait import PATIENCE_S

MODULE: Final = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
PASSWORD: Final = "hackme-not"
NGINX: Final = """
load_module {module};
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log info; user root;
events {{ worker_connections 64; }}
rtmp {{ server {{ listen 127.0.0.1:{port}; chunk_size 4096; ping 5s;
  application live {{ live on; record all; record_path {folder}; record_unique {unique}; }}
}} }}
"""
ICECAST: Final = """<icecast>
<limits><clients>20</clients><sources>10</sources></limits>
<authentication><source-password>{password}</source-password><admin-user>admin</admin-user>
<admin-password>{password}</admin-password></authentication>
<hostname>localhost</hostname>
<listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
<paths><logdir>{folder}</logdir><webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot></paths>
<logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>3</loglevel></logging>
<security><chroot>0</chroot>{owner}</security>
</icecast>
"""


OWNER: Final = "<changeowner><user>nobody</user><group>nogroup</group></changeowner>"


@asynccontextmanager
async def rtmp_server(folder: Path, port: int = 0, *, unique: bool = False) -> AsyncIterator[int]:
    """nginx, which records what is published to ``/live/KEY`` as ``KEY.flv`` in the folder; yields its port.
    ``unique``: what is published again is another file, ``KEY-….flv``."""
    if not MODULE.exists():
        pytest.fail("This test runs nginx's RTMP module and there is none: python -m tests.support.receivers --install")
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 in a test
    port = port or free_ports(1)[0]
    file = folder / "rtmp.conf"
    file.write_text(NGINX.format(module=MODULE, folder=folder, port=port, unique="on" if unique else "off"))
    command = [caches.program("nginx"), "-c", str(file), "-p", str(folder)]
    async with debian.running(command, port, folder / "nginx.log"):
        yield port


@asynccontextmanager
async def icecast_server() -> AsyncIterator[int]:
    """Icecast; yields its port. Sources have :data:`PASSWORD`."""
    program = shutil.which("icecast2", path=caches.FOLDERS)
    if program is None:
        pytest.fail("This test runs Icecast and there is none: python -m tests.support.receivers --install")
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o777)  # noqa: ASYNC240 in a test, whose server gives up root
        file = folder / "icecast.xml"
        file.write_text(
            ICECAST.format(password=PASSWORD, port=port, folder=folder, owner=OWNER if not os.geteuid() else "")
        )
        async with debian.running([program, "-c", str(file)], port, folder / "icecast.log"):
            yield port


@asynccontextmanager
async def tls_front(port: int, chain: ssl.SSLContext) -> AsyncIterator[int]:
    """TLS in front of a port of this machine; yields its own."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with suppress(OSError):
                while data := await source.read(65536):
                    sink.write(data)
                    await sink.drain()
            sink.close()

        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    server = await asyncio.start_server(carry, "127.0.0.1", 0, ssl=chain)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def srt_server(file: Path, *, passphrase: str = "", port: int = 0, cut: bool = False) -> AsyncIterator[int]:
    """srt-live-transmit, which writes what it gets to the file; yields its port. ``cut``: ended as by a power cut."""
    program = shutil.which("srt-live-transmit")
    if program is None:
        pytest.fail("This test runs srt-live-transmit and there is none: python -m tests.support.receivers --install")
    port = port or free_ports(1)[0]
    address = f"srt://127.0.0.1:{port}?mode=listener" + (f"&passphrase={passphrase}" if passphrase else "")
    with file.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            program, "-loglevel:fatal", address, "file://con", stdout=output, stderr=asyncio.subprocess.DEVNULL
        )
    try:
        yield port  # whoever calls before it listens is heard by it soon after
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL if cut else signal.SIGTERM)
        await process.wait()


@asynccontextmanager
async def whip_server(folder: Path, token: str, port: int = 0) -> AsyncIterator[tuple[int, asyncio.subprocess.Process]]:
    """GStreamer's WebRTC behind a WHIP endpoint, ``/live``; what it was sent is written to ``session-0.mkv`` and so on.
    Yields its port and the process."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 in a test
    port = port or free_ports(1)[0]
    script = Path(__file__).with_name("whip_receiver.py")
    process = await asyncio.create_subprocess_exec(
        players.PYTHON, str(script), str(port), str(folder), token, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            assert await process.stdout.readline() == b"listening\n"
        yield port, process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


class _Narrow(asyncio.DatagramProtocol):
    """Passes datagrams on, those of the caller one after the other and only so fast."""

    def __init__(self, port: int, bytes_s: float) -> None:
        self.port, self.bytes_s = port, bytes_s
        self.flows = asyncio.Event()
        self.flows.set()
        self._free = 0.0
        self._caller: tuple[str, int] | None = None
        self._near: asyncio.DatagramTransport | None = None
        self._far: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._near = transport

    async def open(self) -> None:
        loop, outer = asyncio.get_running_loop(), self

        class Back(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, _: object) -> None:
                if outer.flows.is_set() and outer._near is not None and not outer._near.is_closing():
                    outer._near.sendto(data, outer._caller)

        self._far, _ = await loop.create_datagram_endpoint(Back, remote_addr=("127.0.0.1", self.port))

    def datagram_received(self, data: bytes, caller: tuple[str, int]) -> None:
        self._caller = caller
        loop = asyncio.get_running_loop()
        self._free = max(self._free, loop.time()) + len(data) / self.bytes_s
        loop.call_at(self._free, self._pass, data)

    def _pass(self, data: bytes) -> None:
        if self.flows.is_set() and self._far is not None and not self._far.is_closing():
            self._far.sendto(data)

    def close(self) -> None:
        for each in (self._near, self._far):
            if each is not None:
                each.close()


@asynccontextmanager
async def narrow(port: int, bytes_s: float) -> AsyncIterator[int]:
    """A line to a port (UDP) that takes only so much; what is more waits in it, as in a home's router."""
    near, line = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Narrow(port, bytes_s), local_addr=("127.0.0.1", 0)
    )
    await line.open()
    try:
        yield near.get_extra_info("sockname")[1]
    finally:
        line.close()


@asynccontextmanager
async def standing_udp(port: int) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """A line to a port (UDP) that loses everything while the event is not set."""
    near, line = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Narrow(port, 10_000_000), local_addr=("127.0.0.1", 0)
    )
    await line.open()
    try:
        yield near.get_extra_info("sockname")[1], line.flows
    finally:
        line.close()


class Recorded:
    """What a server has written down: its streams, its sound, and a picture of it."""

    def __init__(self, file: Path) -> None:
        self.seconds: dict[str, float] = {}
        self.codecs: dict[str, str] = {}
        sound: list[npt.NDArray[np.float32]] = []
        self.pictures = 0
        self.picture: npt.NDArray[np.uint8] | None = None
        with av.open(str(file)) as container:
            for packet in container.demux():
                kind = packet.stream.type
                self.codecs[kind] = f"{packet.stream.codec_context.name} {getattr(packet.stream, 'width', '')}".strip()
                if packet.pts is not None and packet.time_base is not None:
                    self.seconds[kind] = float(packet.pts * packet.time_base)
                for frame in packet.decode():
                    if isinstance(frame, av.AudioFrame):
                        sound.append(frame.to_ndarray()[0])
                    elif isinstance(frame, av.VideoFrame):
                        self.pictures += 1
                        self.picture = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
        self.sound = np.concatenate(sound) if sound else np.zeros(0, dtype=np.float32)


class ProbedStream(msgspec.Struct, frozen=True):
    """What ffprobe says of a stream; 0 and empty where it is of another kind."""

    codec_type: str
    codec_name: str
    profile: str = ""
    width: int = 0
    height: int = 0
    pix_fmt: str = ""
    sample_rate: str = ""
    channels: int = 0
    nb_read_frames: str = "0"


class Probed(msgspec.Struct, frozen=True):
    streams: list[ProbedStream]

    @classmethod
    def of(cls, file: Path) -> Probed:
        """What Debian's ffprobe, another build than what has encoded it, reads and decodes."""
        program = shutil.which("ffprobe")
        if program is None:
            pytest.fail("This test runs ffprobe and there is none: python -m tests.support.receivers --install")
        command = [program, "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(file)]
        done = subprocess.run(command, capture_output=True, check=True)
        return msgspec.json.decode(done.stdout, type=cls)

    def one(self, kind: str) -> ProbedStream:
        """The stream of a kind; there is one."""
        [found] = [each for each in self.streams if each.codec_type == kind]
        return found


def missing() -> list[str]:
    """Debian's packages that are not there."""
    found = [] if MODULE.exists() else ["libnginx-mod-rtmp"]
    found += [] if shutil.which("icecast2", path=caches.FOLDERS) else ["icecast2"]
    found += [] if shutil.which("ffprobe") else ["ffmpeg"]
    return found + ([] if shutil.which("srt-live-transmit") else ["srt-tools"])


if __name__ == "__main__":
    sys.exit(debian.install(missing, "the tests of simulcasts") if "--install" in sys.argv else bool(missing()))
