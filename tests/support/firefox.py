"""Debian's Firefox for the browser tests: how it is installed, started and driven.

Firefox is driven by Marionette, the protocol that is built into it: JSON over TCP on loopback, each message with its
length before it (firefox-source-docs.mozilla.org, "Marionette: Protocol"). So that no driver has to be fetched.

``python -m tests.support.firefox --install`` installs it with apt when this is root and it is missing; otherwise it
says what to do and fails.
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pytest

from tests.support import debian, loudspeaker
from tests.support.wait import PATIENCE_S

DECODERS: Final = ("libavcodec62", "libavcodec61", "libavcodec59")
"""Firefox decodes Opus itself, and AAC by the system's libavcodec: 59 in Debian 12, 61 in Debian 13."""
FLAGS: Final = ["--headless", "--no-remote", "--marionette", "--remote-allow-system-access", "--width=1100",
                "--height=1000"]  # fmt: skip
PREFERENCES: Final[dict[str, bool | int | str]] = {
    "marionette.port": 0,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.proxy.type": 0,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.enabled": False,
}
FOUND: Final = "element-6066-11e4-a52e-4f735466cecf"
"""The name under which WebDriver gives an element (W3C WebDriver, 12.1)."""

_COMPLAINTS = """
return Services.console.getMessageArray()
  .filter((said) => said instanceof Ci.nsIScriptError && /^https?:/.test(said.sourceName))
  .filter((said) => !(said.category === "Layout" && /\\.svg$/.test(said.sourceName)))
  .map((said) => `${said.category}: ${said.errorMessage} (${said.sourceName}:${said.lineNumber})`);
"""
"""Errors and warnings of pages, refusals of the security policy and of media among them. That a picture was laid out
before the page had its style sheets is none: pictures have no style sheets.
"""


def executable() -> str | None:
    """The path of Firefox, or None."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    """A window of a running Firefox, which has a profile of its own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._number = 0

    async def call(self, command: str, **parameters: Any) -> Any:
        """One command of Marionette; fails with what Firefox says against it."""
        self._number += 1
        message = json.dumps([0, self._number, command, parameters]).encode()
        self._writer.write(b"%d:%b" % (len(message), message))
        _, _, error, result = await self.message()
        assert error is None, f"{command}: {error['error']}: {error['message']}"
        return result["value"] if isinstance(result, dict) and set(result) == {"value"} else result

    async def message(self) -> Any:
        """The next message."""
        async with asyncio.timeout(PATIENCE_S):
            length = int((await self._reader.readuntil(b":"))[:-1])
            return json.loads(await self._reader.readexactly(length))

    async def open(self, address: str) -> None:
        """Loads an address; what earlier pages complained of is forgotten."""
        await self.system("Services.console.reset();")
        await self.call("WebDriver:Navigate", url=address)

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page; a promise is waited for."""
        script = f"return (async () => ({expression}))();"
        return await self.call("WebDriver:ExecuteScript", script=script, args=[], sandbox=None)

    async def system(self, script: str) -> Any:
        """Runs a script with the rights of Firefox itself."""
        await self.call("Marionette:SetContext", value="chrome")
        try:
            return await self.call("WebDriver:ExecuteScript", script=script, args=[])
        finally:
            await self.call("Marionette:SetContext", value="content")

    async def click(self, selector: str) -> None:
        """Presses what a selector finds, as a person would: from behind a bar it is scrolled out first."""
        await self.evaluate(f"document.querySelector({selector!r})?.scrollIntoView({{block: 'center'}})")
        found = await self.call("WebDriver:FindElement", using="css selector", value=selector)
        await self.call("WebDriver:ElementClick", id=found[FOUND])

    async def until(self, expression: str, reason: str) -> None:
        """Waits until a JavaScript expression is true in the page."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while not await self.evaluate(f"Boolean({expression})"):
            if asyncio.get_running_loop().time() > deadline:
                shown, complaints = await self.evaluate("document.body.innerText"), await self.complaints()
                raise AssertionError(f"waited in vain: {reason}; complaints: {complaints}; it says: {shown}")
            await asyncio.sleep(0.1)

    async def says(self, selector: str, text: str) -> None:
        """Waits until what a selector finds shows this text."""
        condition = f"document.querySelector({json.dumps(selector)})?.textContent.includes({json.dumps(text)})"
        await self.until(condition, f"{selector} says {text!r}")

    async def complaints(self) -> list[str]:
        """What pages complained of since the last was opened."""
        found: list[str] = await self.system(_COMPLAINTS)
        return found

    async def calm(self, *, but: tuple[str, ...] = ()) -> None:
        """Fails when a page complained of anything but this."""
        left = [text for text in await self.complaints() if not any(known in text for known in but)]
        assert not left, f"the page complained: {left}"

    async def screenshot(self) -> bytes:
        """What is seen of the page, as PNG."""
        return base64.b64decode(await self.call("WebDriver:TakeScreenshot", full=False))


@asynccontextmanager
async def firefox(
    profile: Path, speaker: loudspeaker.Loudspeaker, preferences: Mapping[str, bool | int | str] = MappingProxyType({})
) -> AsyncIterator[Firefox]:
    """A Firefox with a new profile in this folder, which plays at this loudspeaker."""
    path = executable()
    if path is None:
        pytest.fail("These tests drive a real Firefox and there is none: python -m tests.support.firefox --install")
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
             for name, value in {**PREFERENCES, **preferences}.items()]  # fmt: skip
    await asyncio.to_thread(profile.mkdir, parents=True)
    (profile / "user.js").write_text("".join(lines), "utf-8")
    with (profile / "log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            path, *FLAGS, "--profile", str(profile), stdout=output, stderr=output,
            env={**speaker.environment, "HOME": str(profile)},
        )  # fmt: skip
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", await _port(profile, process))
        window = Firefox(reader, writer)
        await window.message()
        await window.call("WebDriver:NewSession", capabilities={})
        yield window
        writer.close()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _port(profile: Path, process: asyncio.subprocess.Process) -> int:
    """Where Marionette listens, once it does: it writes that into the profile."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    file = profile / "MarionetteActivePort"
    while not (file.is_file() and file.read_text("ascii").strip()):
        assert process.returncode is None, (profile / "log").read_text("utf-8")
        assert asyncio.get_running_loop().time() < deadline, (profile / "log").read_text("utf-8")
        await asyncio.sleep(0.1)
    return int(file.read_text("ascii"))


def missing() -> list[str]:
    """Debian's packages that are not there: Firefox, what it decodes AAC with, a loudspeaker."""
    wanted = [] if executable() else ["firefox-esr"]
    if not any(debian.said("dpkg-query", "--status", name) for name in DECODERS):
        wanted += [name for name in DECODERS if debian.offers(name)][:1] or [DECODERS[0]]
    if not all(shutil.which(program) for program in loudspeaker.PROGRAMS):
        wanted += loudspeaker.PACKAGES
    return wanted


if __name__ == "__main__":
    sys.exit(debian.install(missing, "the tests of Firefox") if "--install" in sys.argv else bool(missing()))
