"""The real command line: what goes wrong is one sentence, what goes right is readable by people and by programs."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import httpx
import psutil
import pytest
from click.testing import CliRunner

from stentor import app
from stentor.base.config import Settings
from stentor.cli import COMMANDS, stentor
from stentor.rehearsal import certificate
from stentor.rehearsal.configuration import differences
from tests.support.ports import free_ports
from tests.support.wait import PATIENCE_S

END_S = 30.0
"""So long after SIGTERM, systemd and Kubernetes kill what is left. On a quiet machine it takes two seconds."""
COLOR = re.compile(r"\x1b\[[0-9;]*3[0-7]m")

pytestmark = pytest.mark.timeout(150)


def environment(**more: str) -> dict[str, str]:
    """This process's, with three settings of Stentor's only; captions would take seconds of a processor to load."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("STENTOR_")}
    return own | {"STENTOR_CAPTIONS": "off", "STENTOR_KEEP_COMMENTS": "90d", "STENTOR_LANGUAGE": "de"} | more


def command(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Runs ``stentor ARGUMENTS`` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "stentor", *arguments],
        env=environment(**more), capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def processes(folder: Path) -> list[int]:
    """Every process that belongs to a data folder: by its environment or its command line."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            mine = process.environ().get("STENTOR_DATA") == str(folder)
            if mine or any(str(folder) in part for part in process.cmdline()):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def gone(folder: Path, within_s: float = PATIENCE_S) -> list[int]:
    """The processes of a data folder that are still there after so long."""
    deadline = time.monotonic() + within_s
    while (left := processes(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


class Up:
    """``stentor up`` as an operator runs it, on a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.audience_port = free_ports(2)
        self.log = folder.with_name("up.log")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when house and edge answer."""
        options = ["--port", str(self.port), "--audience-port", str(self.audience_port), "--edges", "1"]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "stentor", "up", "--host", "127.0.0.1", "--data", str(self.folder), *options],
                env=environment(), stdout=output, stderr=output,
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE_S
        while not (self._healthy(self.port) and self._healthy(self.audience_port)):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def _healthy(self, port: int) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False, timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def signal(self, number: signal.Signals) -> float:
        """Sends a signal to ``stentor up`` and waits for its end; returns how many seconds that took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=PATIENCE_S)
        return time.monotonic() - began

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Another command on the same data folder."""
        return command(*arguments, STENTOR_DATA=str(self.folder), STENTOR_PORT=str(self.port), **more)

    def json(self, *arguments: str) -> Any:
        """What a command with ``--json`` prints."""
        done = self.run(*arguments, "--json")
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return json.loads(done.stdout)

    def said(self, count: int) -> list[str]:
        """What it has printed, once that are so many lines."""
        deadline = time.monotonic() + PATIENCE_S
        while len(lines := self.log.read_text().splitlines()) < count:
            assert time.monotonic() < deadline, lines
            time.sleep(0.1)
        return lines

    def audience(self, space: str, path: str = "") -> str:
        return f"http://127.0.0.1:{self.audience_port}/s/{space}{path}"

    def until(self, space: str, state: str, within_s: float = PATIENCE_S) -> dict[str, Any]:
        """Waits until a space has the state."""
        deadline = time.monotonic() + within_s
        while (found := self.json("space", "show", space))["state"] != state:
            assert time.monotonic() < deadline, f"{space} is {found['state']} and not {state}"
        return dict(found)


@pytest.fixture(scope="module")
def only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One data folder for all commands."""
    running = Up(tmp_path_factory.mktemp("cli") / "data")
    try:
        yield running
    finally:
        if running.process is not None and running.process.poll() is None:
            running.signal(signal.SIGTERM)


@pytest.fixture
def up(only: Up) -> Up:
    """The one Stentor, running."""
    if only.process is None or only.process.poll() is not None:
        only.start()
    return only


# What an operator must mend


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The sentence that a command failed with; it said nothing else, but for the steps it had done."""
    assert done.returncode == 1, done.stderr
    said = [line for line in done.stderr.splitlines() if not (line.startswith("stentor: ") and line.endswith("…"))]
    said = [line for line in said if "worker-died" not in line]
    assert len(said) == 1, done.stderr
    assert said[0][0].isupper() or said[0].startswith(("/", "nats-server", "STENTOR"))
    assert said[0].endswith(".")
    assert "Traceback" not in done.stdout + done.stderr
    return said[0]


def fails(folder: Path, *options: str, **more: str) -> str:
    """The sentence ``stentor up`` ends with; no process is left."""
    ports = free_ports(2)
    given = dict(zip(("--port", "--audience-port"), map(str, ports), strict=True))
    given |= dict(zip(options[::2], options[1::2], strict=True))
    flat = [part for pair in given.items() for part in pair]
    said = one_sentence(command("up", "--host", "127.0.0.1", "--data", str(folder), "--edges", "1", *flat, **more))
    assert gone(folder, 1.0) == []
    return said


@pytest.mark.parametrize("option", ["--port", "--audience-port", "STENTOR_NATS_PORT"])
def test_an_occupied_port_is_named_with_its_option(tmp_path: Path, option: str) -> None:
    """Whoever reads the sentence knows which port, and how to choose another."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        said = fails(tmp_path, option, port) if option.startswith("--") else fails(tmp_path, **{option: port})
    assert port in said
    assert option in said


def test_two_roles_on_one_port(tmp_path: Path) -> None:
    """The house and the audience cannot share one."""
    port = str(free_ports(1)[0])
    assert port in fails(tmp_path, "--port", port, "--audience-port", port)


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    """The folder is named, and the option that chooses another."""
    (tmp_path / "data").write_text("a file")
    said = fails(tmp_path / "data")
    assert str(tmp_path / "data") in said
    assert "--data" in said


def test_a_corrupt_database(tmp_path: Path) -> None:
    """The file is named, and nothing of it is touched."""
    database = tmp_path / "stentor.db"
    database.write_bytes(b"this is no database " * 500)
    assert str(database) in fails(tmp_path)
    assert database.read_bytes() == b"this is no database " * 500


@pytest.mark.parametrize("url", ["mysql://here/there", "postgresql://nobody:pw@127.0.0.1:1/none"])
def test_a_wrong_database_address(tmp_path: Path, url: str) -> None:
    """Another kind of database, or none that answers; a password is not repeated."""
    said = fails(tmp_path, STENTOR_DATABASE_URL=url)
    assert "STENTOR_DATABASE_URL" in said
    assert "pw" not in said


def test_a_bus_that_does_not_start(tmp_path: Path) -> None:
    """Its own words, and where the rest of them is."""
    (tmp_path / "nats").mkdir()
    (tmp_path / "nats" / "jetstream").write_text("a file where the store should be")
    said = fails(tmp_path)
    assert "nats-server does not start" in said
    assert str(tmp_path / "logs" / "nats-server.log") in said


# Help


def _commands(group: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            assert found is not None
            yield from _commands(found, *path, name)


@pytest.mark.parametrize("path", list(_commands(stentor)), ids=" ".join)
def test_every_command_explains_itself(path: Sequence[str]) -> None:
    """``--help`` works everywhere, and every option has its words."""
    shown = CliRunner().invoke(stentor, [*path, "--help"])
    assert shown.exit_code == 0
    assert "Usage:" in shown.output
    assert len(shown.output.splitlines()) > 4


def test_the_command_itself_helps_and_tells_its_version() -> None:
    """As a program, without anything running."""
    shown = command("--help")
    assert shown.returncode == 0
    assert all(name in shown.stdout for name in COMMANDS)
    assert command("--version").stdout.startswith("stentor, version")
    assert command("no-such-command").returncode == 2


# Against a running house


def test_the_start_says_where_to_go(up: Up) -> None:
    """A link for the administrator, two addresses, and who can speak; what the processes log is in the data folder."""
    first, house, audience, speaking = up.said(4)
    assert re.fullmatch(
        r"Make the administrator's account \(once, within an hour\):  \S+/sign-up#invitation=\S+", first
    )
    assert house.split()[-1] == f"http://localhost:{up.audience_port}/"
    assert audience.split()[-1] == f"http://localhost:{up.audience_port}/s/SPACE"
    assert "this computer only" in speaking
    assert "--domain" in speaking
    logs = {file.name for file in (up.folder / "logs").iterdir()}
    assert logs >= {"up.log", "nats-server.log", "house-0.log", "stage-0.log", "programme-1.log", "edge-0.log"}
    assert "in use by another" in one_sentence(command("up", "--data", str(up.folder)))


def test_the_link_makes_one_administrator(up: Up) -> None:
    """A new link ends the one before; once somebody has used it there is no other."""
    first = up.said(3)[0].partition("#invitation=")[2]
    second = up.run("account", "link").stdout.strip().partition("#invitation=")[2]

    def sign_up(handle: str, invitation: str) -> int:
        body = {"handle": handle, "name": "Ada", "password": "correct horse battery", "invitation": invitation}
        return httpx.post(
            f"http://127.0.0.1:{up.port}/api/v1/sign-up", json=body, trust_env=False, timeout=PATIENCE_S
        ).status_code

    assert sign_up("eve", first) == 403
    assert sign_up("ada", second) == 201
    assert sign_up("bob", second) == 403
    assert {(row["handle"], row["role"]) for row in up.json("account", "list")["accounts"]} == {("ada", "admin")}
    assert "account invite" in up.run("account", "link").stderr


def test_the_site_says_what_it_is_called(up: Up, tmp_path: Path) -> None:
    """Set from a terminal, all pages, feed and calendar say it within seconds, without a restart."""
    (tmp_path / "rules.md").write_text("# Be kind", "utf-8")
    given = ("--name", "Nightdesk", "--accent", "#ffcc00", "--rules", str(tmp_path / "rules.md"))
    assert "dark #ffcc00" in up.run("site", "set", *given).stdout
    assert up.json("site", "show")["rules"] == "# Be kind"
    assert "Say what to set" in one_sentence(up.run("site", "set"))
    with httpx.Client(base_url=f"http://127.0.0.1:{up.audience_port}", trust_env=False, timeout=PATIENCE_S) as public:
        for _ in range(600):
            if "<h2>Be kind</h2>" in public.get("/rules").text:
                break
            time.sleep(0.1)
        for path in ("/", "/feed.xml", "/calendar.ics", "/rules", "/sign-in"):
            assert "Nightdesk" in public.get(path).text, path
        up.run("site", "set", "--name", "Stentor", "--accent", "", "--rules", os.devnull)


def test_a_space_through_its_life(up: Up) -> None:
    """Every command of ``stentor space``, once for people and once for programs."""
    made = up.json("space", "create", "A talk", "--id", "life", "--host-name", "Ann")
    assert (made["space"]["state"], made["space"]["language"]) == ("scheduled", "de"), "the language is the site's"
    assert made["invitation"]["token"].endswith(made["invitation"]["link"].partition("/stage/life#t=")[2] or "no link")
    said = up.run("space", "create", "Nobody else", "--language", "fr").stdout
    parts = [said.index(each) for each in ("/stage/nobody-else#t=", "/s/nobody-else\n", "Next: ")]
    assert parts == sorted(parts), "the host's link, the listeners', then what to do"
    assert {space["id"] for space in up.json("space", "list")["spaces"]} >= {"life", "nobody-else"}
    assert up.json("space", "show", "nobody-else")["language"] == "fr"
    assert "A talk" in up.run("space", "list").stdout
    assert up.json("space", "doors", "life")["state"] == "doors_open"
    assert up.json("space", "close-doors", "life")["state"] == "scheduled"
    assert up.json("space", "doors", "life")["state"] == "doors_open"
    assert up.json("space", "live", "life")["state"] == "live"
    assert up.json("space", "invite", "life", "--name", "Bob")["name"] == "Bob"
    people = up.run("space", "invite", "life", "--name", "Cid")
    assert "Cid" in people.stdout
    assert "/whip/life" in people.stdout
    shown = up.run("space", "show", "life")
    assert "live" in shown.stdout
    assert "Bob" in shown.stdout
    assert up.json("space", "show", "life")["lights"].keys() == {"stage", "recording", "audience"}
    assert up.json("space", "end", "life")["state"] == "ended"
    assert up.json("space", "cancel", "nobody-else")["state"] == "cancelled"


def test_a_space_is_changed_and_deleted(up: Up) -> None:
    """Title and time can be changed, a seat be taken back by its name; a deleted space is nowhere any more."""
    soon = time.strftime("%Y-%m-%dT20:00", time.localtime(time.time() + 86_400))
    up.json("space", "create", "Draft", "--id", "draft")
    edited = up.json("space", "edit", "draft", "--title", "An evening", "--at", soon)
    assert (edited["title"], edited["scheduled_ms"] is None) == ("An evening", False)
    assert up.json("space", "edit", "draft", "--at", "no")["scheduled_ms"] is None
    assert up.run("space", "edit", "draft").returncode == 2
    seats = [up.json("space", "invite", "draft", "--name", "Bob")["seat"] for _ in range(2)]
    assert all(seat in one_sentence(up.run("space", "uninvite", "draft", "Bob")) for seat in seats)
    assert seats[0] not in {seat["id"] for seat in up.json("space", "uninvite", "draft", seats[0])["seats"]}
    assert "Bob" in up.run("space", "uninvite", "draft", "Bob").stdout
    assert "Host" in one_sentence(up.run("space", "uninvite", "draft", "Bob"))
    assert up.json("space", "delete", "draft", "--reason", "Only a draft", "--yes")["removed"]
    assert "draft" not in {space["id"] for space in up.json("space", "list")["spaces"]}


def test_a_shell_completes_commands_and_spaces(up: Up) -> None:
    """Bash, with what click prints for it: Tab after ``sh`` and after the beginning of a space's id."""
    up.json("space", "create", "Completed", "--id", "completed")
    script = 'eval "$(_STENTOR_COMPLETE=bash_source stentor)"; COMP_WORDS=(stentor space show {}); COMP_CWORD={}; '
    folder = Path(sys.executable).parent
    said = [
        subprocess.run(
            ["bash", "-c", script.format(begun, index) + '_stentor_completion stentor; echo "${COMPREPLY[@]}"'],
            env=environment(
                STENTOR_DATA=str(up.folder), STENTOR_PORT=str(up.port), PATH=f"{folder}:{os.environ['PATH']}"
            ),
            capture_output=True, text=True, timeout=PATIENCE_S, check=True,
        ).stdout.strip()
        for begun, index in (("", 2), ("compl", 3))
    ]  # fmt: skip
    assert said == ["show", "completed"]


def test_refusals_are_one_sentence(up: Up, tmp_path: Path) -> None:
    """A space that is not there, a command that does not fit, a token that is wrong, a house that is away."""
    speech = str(Path(__file__).parents[1] / "data" / "speech" / "cards-001.flac")
    up.json("space", "create", "Quiet", "--id", "quiet")
    one_sentence(up.run("space", "show", "no-such-space"))
    one_sentence(up.run("space", "end", "quiet"))
    one_sentence(up.run("speak", "no-such-space", speech))
    one_sentence(up.run("listen", up.audience("no-such-space", "/live.aac"), "--for", "1"))
    assert "admin-token" in one_sentence(up.run("space", "list", STENTOR_ADMIN_TOKEN="wrong"))
    away = str(free_ports(1)[0])
    assert "stentor up" in one_sentence(command("space", "list", "--data", str(up.folder), STENTOR_PORT=away))
    one_sentence(command("space", "list", "--data", str(tmp_path)))


def test_listening_for_a_while(up: Up) -> None:
    """The report of three seconds, for programs."""
    up.json("space", "create", "Music", "--id", "music")
    up.json("space", "doors", "music")
    deadline = time.monotonic() + PATIENCE_S
    while httpx.get(up.audience("music", "/door.json"), trust_env=False, timeout=PATIENCE_S).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    heard = up.json("listen", up.audience("music", "/live.mp4"), "--for", "3")
    assert heard["sound_s"] > 2
    assert heard["problems"] == []
    up.json("space", "end", "music")


def test_how_long_things_are_kept(up: Up) -> None:
    """The site's rules and the room that recordings have; a host's choice for one space; nothing is due yet."""
    found = up.json("retention", "--dry-run")
    assert found["site"] == {"recording": 0, "comments": 90, "sounds": 30, "events": 0}
    assert (found["due"], found["more"], found["storage"]["most_bytes"]) == ([], False, None)
    up.json("space", "create", "Kept", "--id", "kept")
    assert up.json("space", "keep", "kept", "--recording", "7")["keep"]["recording"] == 7
    shown = command("retention", "--dry-run", STENTOR_DATA=str(up.folder), STENTOR_PORT=str(up.port))
    assert re.search(r"sounds +30 days after the end", shown.stdout)
    assert "0 due now" in shown.stdout


def test_the_doctor(up: Up) -> None:
    """Findings for programs; for people in colour, unless NO_COLOR says otherwise (no-color.org)."""
    findings = up.json("doctor")
    assert {"codecs", "bus", "data folder", "database", "recordings"} <= {finding["what"] for finding in findings}
    assert all({"what", "verdict", "found", "advice"} == finding.keys() for finding in findings)
    assert COLOR.search(in_terminal(up))
    assert not COLOR.search(in_terminal(up, NO_COLOR="1"))


def test_the_preflight(up: Up) -> None:
    """All is green before the doors and after; a space that is over cannot be flown."""
    up.json("space", "create", "Preflight", "--id", "preflight")
    for _ in range(2):
        findings = {finding["what"]: finding for finding in up.json("preflight", "preflight", "--listeners", "100")}
        assert {"space", "processes", "capacity", "open files", "disk space", "bus", "recordings"} <= findings.keys()
        assert {"page", "door", "clock"} <= findings.keys()
        bad = {what for what, finding in findings.items() if finding["verdict"] != "ok"}
        # this machine only; nobody on the stage; nothing was rehearsed
        assert bad <= {"house address", "audience address", "space", "certificate"}
        up.json("space", "doors", "preflight")
    assert {"aac", "opus", "mp4", "hls", "playlist", "reload", "part"} <= findings.keys()
    up.json("space", "end", "preflight")
    ended = command("preflight", "preflight", STENTOR_DATA=str(up.folder), STENTOR_PORT=str(up.port))
    assert ended.returncode == 1
    assert "stentor space create" in ended.stdout


def test_the_rehearsal(up: Up, tmp_path: Path) -> None:
    """A small crowd by the space's name; the report is kept as it is printed."""
    up.json("space", "create", "Rehearsal", "--id", "rehearsal")
    early = up.run("rehearse", "rehearsal", "--listeners", "5", "--within", "1", "--for", "5")
    assert (early.returncode, "open the doors" in early.stdout, early.stderr) == (1, True, "")  # nor a certificate
    up.json("space", "doors", "rehearsal")
    time.sleep(2)
    kept = tmp_path / "r.json"
    crowd = ["--listeners", "40", "--within", "1", "--for", "5", "--ways", "aac=2,opus=1,ll-hls=1", "--slow", "0"]
    done = up.run("rehearse", "rehearsal", *crowd, "--save", str(kept), "--json")
    assert done.returncode == 0, done.stdout
    assert done.stderr.startswith("Certificate: ")
    report = json.loads(done.stdout)
    assert (report["heard"], report["well"], report["complaints"]) == (40, True, [])
    assert json.loads(kept.read_text()) == report
    shown = certificate.newest(Settings(data=str(up.folder)))
    assert shown is not None
    as_started = Settings(data=str(up.folder), edges=1, captions="off", audience_port=up.audience_port)
    assert differences(shown.configuration, app.expected(as_started)) == [], "the next start would not know it"
    up.json("space", "end", "rehearsal")


def in_terminal(up: Up, **more: str) -> str:
    """What ``stentor doctor`` writes to a terminal."""
    ours, theirs = pty.openpty()
    settings = environment(STENTOR_DATA=str(up.folder), STENTOR_PORT=str(up.port), TERM="xterm-256color", **more)
    with subprocess.Popen(
        [sys.executable, "-m", "stentor", "doctor"], env=settings, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:  # EIO: the other side has closed
                break
            written += data
        process.wait(timeout=PATIENCE_S)
    os.close(ours)
    return written.decode()


# The whole of it ends, and goes on


def test_all_are_killed_and_a_live_space_goes_on(up: Up) -> None:
    """Kill -9 of ``stentor up`` leaves no process; the next start finds the space live, and its recording goes on."""
    up.json("space", "create", "Through", "--id", "through")
    up.json("space", "live", "through")
    time.sleep(4.5)  # more than a segment: something of it is recorded
    up.signal(signal.SIGKILL)
    assert gone(up.folder) == [], "a process outlived its supervisor"
    up.start()
    assert up.json("space", "show", "through")["state"] in ("live", "interrupted")
    for pid in processes(up.folder):
        os.kill(pid, signal.SIGKILL)
    up.signal(signal.SIGKILL)
    assert gone(up.folder) == []
    up.start()
    found = up.json("space", "show", "through")
    assert found["state"] in ("live", "interrupted")
    assert up.json("listen", up.audience("through", "/live.aac"), "--for", "3")["sound_s"] > 2
    up.json("space", "end", "through")
    ended = up.until("through", "replay")
    report = httpx.get(up.audience("through", "/gaps.json"), trust_env=False, timeout=PATIENCE_S).json()
    seconds = (ended["ended_ms"] - ended["doors_open_ms"]) / 1000
    assert report["faults"] == []
    assert abs(sum(report["seconds"].values()) - seconds) < 0.7, "every chunk of the two holes is there, marked"
    assert report["spans"]
    assert all(span["source"] in ("filler", "gap") for span in report["spans"])
    recording = httpx.get(up.audience("through", "/recording.m4a"), trust_env=False, timeout=PATIENCE_S)
    assert recording.status_code == 200
    assert len(recording.content) > seconds * 4_000, "32 kbit/s at least, from before the first kill to the end"


def test_sigterm_ends_everything_in_time(up: Up) -> None:
    """Before anybody kills it, without a process left and without an error, in the middle of a talk."""
    up.json("space", "create", "Late", "--id", "late")
    up.json("space", "live", "late")
    assert up.signal(signal.SIGTERM) < END_S
    assert up.process is not None
    assert up.process.returncode == 0
    assert gone(up.folder, 1.0) == []
    assert "Traceback" not in up.log.read_text()
