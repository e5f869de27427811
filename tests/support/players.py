"""Debian's players and GStreamer: where they are, how each writes what it plays to a file, and how to get them.

``python -m tests.support.players --install`` installs them with apt when this is root and some are missing; otherwise
it says what to do and fails.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

PACKAGES = (
    "mpv", "mplayer", "vlc-bin", "vlc-plugin-base", "python3-gi", "gir1.2-gst-plugins-base-1.0",
    "gir1.2-gst-plugins-bad-1.0", "gstreamer1.0-plugins-base", "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-bad", "gstreamer1.0-nice",
)  # fmt: skip
PYTHON = "/usr/bin/python3"
"""GStreamer's bindings are for Debian's own."""
NOBODY = 65534


def command(player: str, address: str, file: Path) -> list[str]:
    """Plays ``address`` and writes what is heard as WAV, until it is ended."""
    match player:
        case "mpv":
            return ["mpv", "--no-config", "--really-quiet", "--no-video", "--ao=pcm", f"--ao-pcm-file={file}", address]
        case "vlc":
            out = f"#transcode{{acodec=s16l,channels=1,samplerate=48000}}:std{{access=file,mux=wav,dst={file}}}"
            return ["cvlc", "--no-video", "--quiet", "--sout", out, address, "vlc://quit"]
        case _:
            quiet = ["-really-quiet", "-noconsolecontrols", "-nocache", "-demuxer", "lavf", "-vo", "null"]
            return ["mplayer", *quiet, "-ao", f"pcm:file={file}", address]


async def recorded(player: str, address: str, file: Path, *, seconds: float) -> None:
    """Has a player write what it plays in ``seconds`` of a live stream to ``file``. VLC refuses to run as root."""
    process = await asyncio.create_subprocess_exec(
        *command(player, address, file),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "HOME": str(file.parent), "DISPLAY": ""},
        user=NOBODY if os.geteuid() == 0 else None, extra_groups=[] if os.geteuid() == 0 else None,
    )  # fmt: skip
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), seconds)
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 3)
            except TimeoutError:
                process.kill()
                await process.wait()


def missing() -> list[str]:
    """The packages that are not there; all of them where there is no Debian."""
    if not shutil.which("dpkg-query"):
        return list(PACKAGES)
    words = ["dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Package}\n", *PACKAGES]
    found = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return [package for package in PACKAGES if f"installed {package}" not in found.stdout.splitlines()]


def install() -> int:
    """Makes sure that all are there; returns the exit code for the shell."""
    packages = missing()
    if not packages:
        return 0
    wanted = " ".join(packages)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"The tests of players and senders need {wanted}. As root: apt-get install {wanted}.", file=sys.stderr)
        return 1
    print(f"Installing Debian's {wanted} for the tests of players and senders (once) …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
    ):
        if subprocess.run(words, env=environment, stdout=subprocess.DEVNULL, check=False).returncode:
            print(f"{' '.join(words)} failed: install {wanted} by hand, then run this again.", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(install() if "--install" in sys.argv else 0)
