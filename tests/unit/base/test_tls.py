"""The certificate: every fault in one sentence, and new files without a restart."""

from __future__ import annotations

import ssl
import time
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from stentor.base import tls
from stentor.base.config import Settings
from stentor.base.errors import SetupError
from tests.support.certificates import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def presented(found: tls.Tls, trust: ssl.SSLContext) -> bytes:
    """The certificate (DER) that a client gets now: a whole handshake in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trust.wrap_bio(to_client, to_server, server_hostname="localhost")
    server = found.context.wrap_bio(to_server, to_client, server_side=True)
    for end in (client, server, client, server):
        with suppress(ssl.SSLWantReadError):
            end.do_handshake()
    certificate = client.getpeercert(binary_form=True)
    assert certificate is not None
    return certificate


def test_settings_need_both_files_or_none(authority: Authority) -> None:
    """Half a configuration is a mistake, not plain HTTP."""
    assert tls.configured(Settings(), clock=time.time) is None
    for half in ({"tls_cert": str(authority.chain)}, {"tls_key": str(authority.key)}):
        with pytest.raises(SetupError, match="needs both"):
            tls.configured(Settings(**half), clock=time.time)  # type: ignore[arg-type]


def test_addresses_become_https(authority: Authority) -> None:
    """What is printed and put into invitations is what the ports speak; own addresses stay as they were given."""
    settings = Settings(tls_cert="chain.pem", tls_key="key.pem", audience_url="http://listen.example.org")
    assert settings.house_address == "https://localhost:8080"
    assert settings.audience_address == "http://listen.example.org"


def test_each_fault_is_a_sentence_that_names_the_file(authority: Authority, tmp_path: Path) -> None:
    """Missing, not PEM, swapped, of another pair, encrypted."""
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    with pytest.raises(SetupError, match=r"Cannot read the TLS file .*gone\.pem: No such file"):
        tls.read(tmp_path / "gone.pem", authority.key)
    with pytest.raises(SetupError, match=r"no certificate in .*empty\.pem"):
        tls.read(empty, authority.key)
    with pytest.raises(SetupError, match=r"no private key in .*chain\.pem"):
        tls.read(authority.chain, authority.chain)
    key = serialization.load_pem_private_key(authority.key.read_bytes(), None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )
    empty.write_bytes(encrypted)
    with pytest.raises(SetupError, match=r"empty\.pem is encrypted"):
        tls.read(authority.chain, empty)
    authority.mismatch()
    with pytest.raises(SetupError, match=r"key\.pem is not the key of the certificate"):
        tls.read(authority.chain, authority.key)


@pytest.mark.parametrize(
    ("days", "said"), [(90, ""), (5.9, "ends in 6 days"), (1.1, "ends in 1 day:"), (-2, "out of date for 2 days")]
)
def test_the_end_of_a_certificate_is_told_but_stops_nothing(authority: Authority, days: float, said: str) -> None:
    """An old certificate is better than no talk; who looks is told in time."""
    authority.issue(days=days, begun_days=10)
    found = authority.tls()
    trouble = found.certificate.trouble(time.time())
    assert said in trouble if said else not trouble
    assert found.left_s() == pytest.approx(days * 86_400, abs=60)
    assert found.certificate.names == ("localhost", "127.0.0.1")


@pytest.mark.parametrize("rsa", [False, True])
def test_changed_files_are_presented_to_the_next_handshake(authority: Authority, rsa: bool) -> None:
    """Also when the kind of key changes: one context would go on with the older RSA certificate beside the new one."""
    trust = authority.issue(rsa=not rsa)
    found = authority.tls()
    before = presented(found, trust)
    found.look()
    assert presented(found, trust) == before
    authority.issue(rsa=rsa)
    found.look()
    assert presented(found, trust) == ssl.PEM_cert_to_DER_cert(authority.chain.read_text("ascii"))


def test_a_pair_that_does_not_fit_changes_nothing_and_is_told(authority: Authority) -> None:
    """Until the second file of a renewal is there too; then the problem is over."""
    trust, found = authority.trust(), authority.tls()
    before = presented(found, trust)
    authority.mismatch()
    found.look()
    assert "is not the key" in found.problem
    assert presented(found, trust) == before
    authority.key.unlink()
    found.look()
    assert "Cannot read" in found.problem
    authority.issue()
    found.look()
    assert not found.problem
    assert presented(found, trust) != before


def test_versions_below_1_2_are_refused(authority: Authority) -> None:
    """RFC 8996 has retired them."""
    context, _ = tls.read(authority.chain, authority.key)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.maximum_version == ssl.TLSVersion.MAXIMUM_SUPPORTED


def test_this_machine_trusts_its_own_certificate_only(authority: Authority, tmp_path: Path) -> None:
    """Tools beside the house need neither its issuer nor its name; another certificate is refused all the same."""
    own = tls.trusting(Settings(tls_cert=str(authority.chain)))
    assert isinstance(own, ssl.SSLContext)
    found = authority.tls()
    assert presented(found, own)
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    with pytest.raises(ssl.SSLCertVerificationError):
        presented(other.tls(), own)
    assert tls.trusting(Settings()) is True


def test_a_process_that_goes_on_knows_the_next_certificate(authority: Authority) -> None:
    """And the one before, until it is served no more; halves of a pair change nothing."""

    def known(trust: tls.LiveTrust, served: tls.Tls) -> bytes:
        context = trust.context()
        assert isinstance(context, ssl.SSLContext)
        return presented(served, context)

    served = authority.tls()
    trust = tls.LiveTrust(Settings(tls_cert=str(authority.chain)))
    first = known(trust, served)
    authority.issue()
    assert known(trust, served) == first, "nobody has looked at the file yet"
    served.look()
    assert known(trust, served) != first
    authority.chain.unlink()
    assert known(trust, served)
    assert tls.LiveTrust(Settings()).context() is True
