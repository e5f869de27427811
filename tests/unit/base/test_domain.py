"""The domain: what follows from it, and where its certificate is."""

from __future__ import annotations

from pathlib import Path

import pytest

from stentor.base import config, domain
from stentor.base.errors import SetupError


def test_addresses_and_files_follow_from_the_domain() -> None:
    """What is given stays; nothing follows without a domain."""
    settings = domain.complete(config.load({}, data="here", domain="Talk.Example.org"), {"domain"})
    assert settings.audience_address == settings.house_address == "https://talk.example.org"
    assert domain.managed(settings)
    assert settings.tls_cert == settings.tls_key == str(domain.file(settings))
    own = config.load(
        {}, domain="a.example", tls_cert="c", tls_key="k", audience_port=8443, audience_url="https://b.example"
    )
    own = domain.complete(own, {"tls_cert", "tls_key", "audience_port", "audience_url"})
    assert (own.tls_cert, own.audience_port, own.audience_address) == ("c", 8443, "https://b.example")
    assert not domain.managed(own)
    assert domain.complete(config.load({}), set()) == config.load({})


def test_a_certificate_for_tests_is_never_taken_for_a_real_one(tmp_path: Path) -> None:
    """Whoever has tried with another authority, and then takes the real one, begins anew; so does another domain."""
    given = {"data": str(tmp_path), "domain": "a.example"}
    real = domain.complete(config.load({}, **given), set())
    trial = domain.complete(config.load({}, **given, acme_directory="https://staging.example/directory"), set())
    other = domain.complete(config.load({}, data=str(tmp_path), domain="b.example"), set())
    domain.begin(trial)
    domain.note(trial, domain.Asked(failures=3, problem="no"))
    assert len({domain.file(each) for each in (real, trial, other)}) == 3
    assert not domain.file(real).exists()
    assert domain.asked(real) == domain.Asked()
    assert domain.asked(trial).failures == 3


@pytest.mark.parametrize(
    "name", ["localhost", "192.0.2.1", "a.example:443", "https://a.example", "a.example/x", "[::1]", "*.a.example"]
)
def test_what_is_no_domain_is_refused(name: str) -> None:
    """Authorities give no certificate for it; the sentence names the setting."""
    with pytest.raises(SetupError, match="STENTOR_DOMAIN"):
        domain.complete(config.load({}, domain=name), set())
