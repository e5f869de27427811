"""Signatures that Debian's programs check; minisign and ssh-keygen are asked where they are installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from stentor.base.detached import NAMESPACE, Detached, check
from stentor.base.errors import BadInput

SIGNER = Detached(b"s" * 32)
DATA = b'{"v": 1}\n'
needs_minisign = pytest.mark.skipif(shutil.which("minisign") is None, reason="minisign is not installed")
needs_ssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")


def signed(folder: Path) -> Path:
    file = folder / "evidence.json"
    file.write_bytes(DATA)
    (folder / "evidence.json.minisig").write_bytes(SIGNER.minisign(DATA, "space talk"))
    (folder / "evidence.json.sig").write_bytes(SIGNER.ssh(DATA))
    (folder / "allowed_signers").write_bytes(SIGNER.allowed_signers)
    (folder / "stentor.pub").write_bytes(SIGNER.public_file)
    return file


@needs_minisign
def test_minisign_accepts_it_and_refuses_a_changed_file(tmp_path: Path) -> None:
    """Debian's own program, with the key in a file and on the command line."""
    file = signed(tmp_path)
    for key in (["-p", str(tmp_path / "stentor.pub")], ["-P", SIGNER.public]):
        done = subprocess.run(["minisign", "-Vm", str(file), *key], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "space talk" in done.stdout
    file.write_bytes(DATA + b" ")
    refused = subprocess.run(["minisign", "-Vm", str(file), "-P", SIGNER.public], capture_output=True, check=False)
    assert refused.returncode != 0


@needs_ssh
def test_ssh_keygen_accepts_it_and_refuses_a_changed_file(tmp_path: Path) -> None:
    """In our namespace and for our name."""
    file = signed(tmp_path)
    command = ["ssh-keygen", "-Y", "verify", "-f", str(tmp_path / "allowed_signers"), "-I", "stentor", "-n", NAMESPACE]
    command += ["-s", f"{file}.sig"]
    assert subprocess.run(command, input=DATA, capture_output=True, check=False).returncode == 0
    assert subprocess.run(command, input=DATA + b" ", capture_output=True, check=False).returncode != 0


@needs_ssh
def test_the_fingerprint_is_the_one_that_openssh_shows(tmp_path: Path) -> None:
    """So that people can compare it with what a page says."""
    key = tmp_path / "key.pub"
    key.write_text(" ".join(SIGNER.allowed_signers.decode().split()[2:]) + "\n")
    shown = subprocess.run(["ssh-keygen", "-l", "-f", str(key)], capture_output=True, text=True, check=True).stdout
    assert SIGNER.fingerprint in shown.split()


def test_a_signature_fits_one_file_one_key_and_one_comment() -> None:
    """Whatever is changed, it does not fit."""
    signature = SIGNER.minisign(DATA, "space talk")
    assert check(SIGNER.public, signature, DATA) == "space talk"
    for public, made, data in (
        (SIGNER.public, signature, DATA + b" "),
        (Detached(b"t" * 32).public, signature, DATA),
        (SIGNER.public, signature.replace(b"space talk", b"space tall"), DATA),
        (SIGNER.public, b"", DATA),
        (SIGNER.public, b"\xff\n\n\n\n", DATA),
        ("", signature, DATA),
        ("Ä", signature, DATA),
        (SIGNER.public, SIGNER.ssh(DATA), DATA),
    ):
        with pytest.raises(BadInput):
            check(public, made, data)


def test_a_comment_is_one_line() -> None:
    """A second line would be read as the signature."""
    with pytest.raises(BadInput):
        SIGNER.minisign(DATA, "a\nb")
