"""The folder of ``stentor report --save``: what is known of one evening, and one signed file that names it all."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from stentor.base.detached import NAMESPACE, Detached, check
from stentor.base.errors import BadInput, Malformed, SetupError
from stentor.evidence.quote import AUDIO, QUOTE, Quote, SignedQuote
from stentor.evidence.report import Report
from stentor.evidence.row import read_line
from stentor.evidence.signed import EVIDENCE, FILES, Evidence, sign
from stentor.evidence.verdict import judge
from stentor.store.quotes import MadeQuote
from stentor.wire import edits, manifest
from stentor.wire.edits import EditList

README: Final = """\
What a Stentor knows of one evening, and how to check that nobody has changed it.

1. Is evidence.json signed by the installation whose key you know? Either of
     minisign -Vm evidence.json -P {public}
     ssh-keygen -Y verify -f allowed_signers -I stentor -n {namespace} -s evidence.json.sig < evidence.json
   The key is worth what you know of it: its fingerprint is
     {fingerprint}
2. Are the other files those that were signed?
     sha256sum -c SHA256SUMS
3. With Stentor: stentor evidence verdict rows.jsonl, stentor evidence counts rows.jsonl.
"""


EDITS: Final = "edits.json"
"""The edit list of the listener cut."""
MOST_BYTES: Final = 64 << 20
"""Of a file that is read whole: two hours of eight edges have 31."""


class Found(NamedTuple):
    """``wrong`` is empty when all is as it was signed; ``said`` is the signed comment, ``key`` whose it is."""

    files: int
    said: str
    key: str
    wrong: list[str]


def check_new(folder: Path) -> None:
    """Raises :class:`BadInput` for one that has something in it."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"{folder} is there already and not empty: name another folder.")


def write(folder: Path, files: Mapping[str, bytes], found: Report, title: str, signer: Detached) -> None:
    """Raises :class:`SetupError` where nothing can be written."""
    hashes = {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}
    signed = sign(found, title, files, signer)
    readme = README.format(public=signer.public, namespace=NAMESPACE, fingerprint=signer.fingerprint)
    beside = {
        **{name: signed.file(name).encode() for name in FILES},
        "SHA256SUMS": "".join(f"{sha256}  {name}\n" for name, sha256 in hashes.items()).encode(),
        "stentor.pub": signer.public_file,
        "allowed_signers": signer.allowed_signers,
        "README.txt": readme.encode(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, body in {**files, **beside}.items():
            (folder / name).write_bytes(body)
    except OSError as error:
        raise SetupError(f"Cannot write to {folder}: {error.strerror}.") from error


def write_quote(folder: Path, made: MadeQuote, signer: Detached) -> None:
    """A quote with its sound and signatures. Raises :class:`SetupError` where nothing can be written."""
    beside = {"stentor.pub": signer.public_file, "allowed_signers": signer.allowed_signers}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, body in {**made.signed.files(made.audio), **beside}.items():
            (folder / name).write_bytes(body)
    except OSError as error:
        raise SetupError(f"Cannot write to {folder}: {error.strerror}.") from error


def read_quote(data: bytes) -> Quote:
    """Raises :class:`BadInput` for what is no quote."""
    try:
        return msgspec.json.decode(data, type=Quote)
    except msgspec.DecodeError as error:
        raise BadInput(f"That is no quote: {error}.") from error


def moment(found: Quote) -> str:
    """When it was said."""
    return datetime.datetime.fromtimestamp(found.at_ms / 1000, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def is_quote(folder: Path) -> bool:
    """Whether a folder has a quote, and not the evidence of a whole evening."""
    return (folder / QUOTE).is_file() and not (folder / EVIDENCE).exists()


def prove_quote(folder: Path, key: str | None) -> tuple[Quote, str, bool]:
    """The quote, whose key it is signed with, and whether its sound is there as it was signed.

    Raises :class:`BadInput` for what is none, or changed. ``key`` as for :func:`prove`.
    """
    signed = _read(folder / QUOTE)
    key = key or _read(folder / "stentor.pub").decode("ascii", "replace").strip().rpartition("\n")[2]
    check(key, _read(folder / f"{QUOTE}.minisig"), signed)
    found = read_quote(signed)
    if not (folder / AUDIO).exists():
        return found, key, False
    if hashlib.sha256(_read(folder / AUDIO)).hexdigest() != found.audio_sha256:
        raise BadInput(f"{folder / AUDIO} is not the sound that was signed.")
    return found, key, True


def prove_quote_file(file: Path, key: str | None) -> Quote:
    """A file that the recording's page gave. Raises :class:`BadInput` for what is none, or not signed with ``key``."""
    if not key:
        raise BadInput("A quote in one file has no key beside it: give the one that the installation shows with --key.")
    try:
        found = msgspec.json.decode(_read(file), type=SignedQuote)
    except msgspec.DecodeError as error:
        raise BadInput(f"{file} is no quote: {error}.") from error
    check(key, found.minisig.encode(), found.quote.encode())
    return read_quote(found.quote.encode())


def prove(folder: Path, key: str | None) -> Found:
    """Whether the folder is as it was signed, and whether its rows give its verdict and its manifest holds together.

    ``key`` is the installation's public key; else that in the folder is taken, which proves only that both are of one
    hand. Raises :class:`BadInput` for what is no such folder or not signed with that key.
    """
    signed = _read(folder / EVIDENCE)
    key = key or _read(folder / "stentor.pub").decode("ascii", "replace").strip().rpartition("\n")[2]
    said = check(key, _read(folder / f"{EVIDENCE}.minisig"), signed)
    try:
        evidence = msgspec.json.decode(signed, type=Evidence)
    except msgspec.DecodeError as error:
        raise BadInput(f"{folder / EVIDENCE} is none of this version: {error}.") from error
    files: dict[str, bytes] = {}
    wrong = []
    for name, sha256 in evidence.sha256.items():
        if Path(name).name != name or name in (".", ".."):
            raise BadInput(f"{folder / EVIDENCE} names a file outside of the folder: {name}.")
        try:
            files[name] = _read(folder / name)
        except BadInput as error:
            wrong.append(error.detail)
            continue
        if hashlib.sha256(files[name]).hexdigest() != sha256:
            wrong.append(f"{name} is not what was signed.")
    return Found(len(evidence.sha256), said, key, wrong or list(_disagreements(evidence, files)))


def _disagreements(evidence: Evidence, files: Mapping[str, bytes]) -> list[str]:
    """What the files say against each other."""
    wrong = []
    try:
        told = msgspec.json.decode(files.get("report.json", b""), type=Report)
        if "rows.jsonl" in files:
            rows = [read_line(each) for each in files["rows.jsonl"].splitlines()]
            found = judge(evidence.space, [row for row in rows if row.at_ms <= told.until_ms])
            if found is None or found.finding is not told.verdict.finding:
                wrong.append(f"The rows give the verdict {found.finding if found else None}.")
        entries: list[manifest.Entry] = []
        for number in range(len(files)):
            entries += manifest.decode_page(files.get(f"manifest-{number}.jsonl", b""))
        wrong += [fault.detail for fault in manifest.verify(entries)]
        if EDITS in files:
            wrong += _unlike(edits.decode(files[EDITS]), entries)
    except (msgspec.DecodeError, Malformed) as error:
        wrong.append(f"What was signed cannot be read: {error}.")
    return wrong


def _unlike(found: EditList, entries: Sequence[manifest.Entry]) -> Iterator[str]:
    """Where the edit list is of another recording; that it covers one without holes is looked at as it is read."""
    last = entries[-1] if entries else None
    if last is None or found.last_hash != last.hash:
        yield "The edit list is of another recording than the manifest."
    elif found.length_ms != edits.length_ms(last.first_chunk + last.chunks):
        yield "The edit list is of a recording of another length than the manifest."


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error
    if len(data) > MOST_BYTES:
        raise BadInput(f"{file} is larger than {MOST_BYTES >> 20} MB.")
    return data
