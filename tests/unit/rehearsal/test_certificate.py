"""The readiness certificate: what it claims, what it holds for, and that nobody can change it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from stentor.base import certificates, config
from stentor.base.config import Settings
from stentor.base.errors import BadInput
from stentor.base.signing import Signer, derive, verified
from stentor.rehearsal import certificate
from stentor.rehearsal.certificate import carried, certify, extrapolate, limits, places
from stentor.rehearsal.configuration import current, differences
from stentor.rehearsal.rehearsed import EdgeLook, Second
from stentor.rehearsal.watch import look
from tests.support.readiness import PROCESSES, configuration, looks, report

CERTIFIED = Path(__file__).parents[3] / "docs" / "reference" / "certified.md"
SECRET = b"a secret of thirty-two bytes ...."


def test_a_certificate_cannot_be_changed() -> None:
    """Whoever changes a figure, or signs with another key, is found out."""
    data = certificate.sign(certify(report(), configuration()), SECRET)
    signed = certificate.read(data)
    assert signed.certificate.listeners == 9_500
    assert signed.key == Signer(derive(SECRET, certificates.PURPOSE)).public
    with pytest.raises(BadInput, match="changed"):
        certificate.read(data.replace(b"9500", b"9900"))
    with pytest.raises(BadInput, match="no readiness certificate"):
        certificate.read(b"{}")


def test_keys_differ_by_secret_and_purpose() -> None:
    """A signature for one purpose says nothing for another; what is no key or signature is simply not good."""
    keys = {
        Signer(derive(secret, purpose)).public for secret in (SECRET, b"x" * 32) for purpose in ("certificate", "door")
    }
    assert len(keys) == 4
    signer = Signer(derive(SECRET, "door"))
    assert verified(signer.public, signer.sign(b"open"), b"open")
    assert not verified(signer.public, signer.sign(b"open"), b"shut")
    assert not verified("?", signer.sign(b"open"), b"open")
    assert not verified(signer.public, "AAAA", b"open")


def test_another_configuration_makes_it_void() -> None:
    """The hash is that of everything that matters; what has changed is named."""
    then = configuration()
    assert differences(then, configuration()) == []
    assert then.hash == configuration().hash
    now = current(Settings(max_seats=20), PROCESSES[:2], "https://radio.example/s/talk")
    assert now.hash != then.hash
    assert differences(then, now) == [
        "capacity: 39744 → 19872", "processes edge: 2 → 1", "settings max_seats: 13 → 20", "settings tls: False → True",
    ]  # fmt: skip


def test_only_what_went_well_is_carried() -> None:
    """All of them, or those who were there before the first trouble."""
    assert carried(report()) == 9_500
    seconds = [
        Second(0, 50, 40, 0, 0, 0, 0, 0.0),
        Second(1, 50, 90, 0, 0, 0, 0, 0.0),
        Second(2, 50, 99, 0, 0, 1, 0, 0.0),
    ]
    assert carried(report(cut=1, seconds=seconds)) == 90
    assert carried(report(paused=1)) == 0  # nobody knows when


def test_the_first_limit_comes_first() -> None:
    """At the most listeners; what was not in use at all is left out."""
    found = limits(looks())
    assert [limit.resource for limit in found] == [
        "processors of the machine", "processor of the busiest edge", "descriptors of the fullest edge",
    ]  # fmt: skip
    assert found[0].used == pytest.approx(0.38)
    assert limits([]) == []


def test_a_straight_line_reaches_so_far() -> None:
    """0.04 of the machine for 1,000 listeners: 85 % at 21,250. Three times what was driven is the end of any claim."""
    found = extrapolate(looks())
    assert found is not None
    assert (found.listeners, found.resource, found.in_sight) == (21_250, "processors of the machine", True)
    assert found.error == pytest.approx(0, abs=1e-6)
    few = extrapolate([EdgeLook(n, n, machine=0.001 * n) for n in range(20)])
    assert few is not None
    assert (few.listeners, few.in_sight) == (57, False)
    assert extrapolate(looks(5)) is None
    assert extrapolate([EdgeLook(n, 100, machine=0.5) for n in range(20)]) is None


def test_what_is_used_up_first_sets_the_end() -> None:
    """Not what was used most: a machine busy with other things from the start may take long to fill."""
    busy = [EdgeLook(n, 500 * n, machine=0.5 + 0.001 * n, line=0.02 * n) for n in range(20)]
    found = extrapolate(busy)
    assert found is not None
    assert (found.resource, found.listeners) == ("line", 21_250)
    noisy = [EdgeLook(n, 500 * n, machine=0.4 + 0.3 * (n % 3) + 0.02 * n, line=0.02 * n) for n in range(20)]
    found = extrapolate(noisy)
    assert found is not None
    assert (found.resource, found.listeners) == ("line", 21_250), "other work on the machine is no line"
    late = [EdgeLook(n, 500 * n, machine=0.02 * n, lag_ms=40.0 * n) for n in range(20)]
    found = extrapolate(late)
    assert found is not None
    assert found.resource == "processors of the machine", "how late a loop is, is no straight line"


def test_an_edge_carries_what_was_shown() -> None:
    """The lower end of the claim, of each edge; only if a limit was in sight and the claim is certain enough."""
    shown = certify(report(), configuration())
    claim = shown.extrapolation
    assert claim is not None
    assert places(shown) == 21_250 // 2

    def claimed(listeners: int = 9_500, **changes: object) -> int | None:
        other = msgspec.structs.replace(claim, **changes)
        return places(msgspec.structs.replace(shown, machines=other, listeners=listeners))

    assert claimed(error=0.1) == 21_250 * 9 // 20
    assert claimed(listeners=24_000) == 12_000
    assert claimed(in_sight=False) is None
    assert claimed(error=0.3) is None
    assert claimed(resource=certificate.DESCRIPTORS) is None, "each edge counts its own"
    assert places(certify(report(edges=looks(5)), configuration())) is None


def test_the_door_lets_the_first_wait_at_three_quarters_of_the_places() -> None:
    """That's the claim where nothing else ends before; what edges carry is claimed of machines alone."""
    driven = [EdgeLook(n, 25 * n, full=0.025 * n, machine=0.02 * n, places=950) for n in range(20)]
    shown = certify(report(edges=driven), configuration())
    assert shown.extrapolation is not None
    assert (shown.extrapolation.listeners, shown.extrapolation.resource) == (712, certificate.DOOR)
    assert shown.limits[0].resource == certificate.DOOR
    assert shown.machines is not None
    assert (shown.machines.listeners, shown.machines.resource) == (850, certificate.DESCRIPTORS)
    busy = extrapolate([msgspec.structs.replace(one, machine=0.05 * one.at_s) for one in driven])
    assert busy is not None
    assert (busy.listeners, busy.resource) == (425, "processors of the machine")


def test_places_do_not_shrink_with_each_certificate() -> None:
    """An edge that has as many places as a certificate showed is claimed to carry as many again, not three quarters."""
    driven = [EdgeLook(n, 500 * n, machine=0.02 * n, places=21_250) for n in range(20)]
    shown = certify(report(edges=driven), configuration())
    assert shown.extrapolation is not None
    assert shown.extrapolation.resource == certificate.DOOR
    assert places(shown) == 21_250 // 2


def test_only_the_own_certificate_counts(tmp_path: Path) -> None:
    """One that another installation has signed says nothing of this one; one that was changed is an error."""
    settings = Settings(data=str(tmp_path))
    assert certificate.newest(settings) is None
    file = certificate.keep(tmp_path, certify(report(), configuration()), SECRET)
    assert certificate.newest(settings) is None
    certificate.keep(tmp_path, certify(report(), configuration()), config.signing_key(settings))
    own = certificate.newest(settings)
    assert own is not None
    assert own.listeners == 9_500
    file.write_bytes(file.read_bytes().replace(b"9500", b"9900"))
    with pytest.raises(BadInput, match="changed"):
        certificate.newest(settings)


def test_the_newest_is_found(tmp_path: Path) -> None:
    """By its time, whatever order the folder has."""
    assert certificates.kept(tmp_path) == []
    for at_ms in (2_000, 10_000, 9_000):
        certificate.keep(tmp_path, certify(report(began_ms=at_ms), configuration()), SECRET)
    *_, newest = certificates.kept(tmp_path)
    assert certificate.read(newest.read_bytes()).certificate.at_ms == 10_000


def test_a_crowd_of_hls_is_seen() -> None:
    """An edge counts streams and players apart."""
    edges = [{"listeners": 3.0, "listeners_hls": 400.0, "cpu": 0.5}, {"listeners": 2.0, "cpu": 0.1}]
    assert look(edges, at_s=1.0, machine=0.3).listeners == 405


def test_what_it_costs_to_come_is_not_taken_for_what_it_costs_to_listen() -> None:
    """Looks of a real edge with 3 % of a processor, of which an overload found 2,028 listeners: while a hundred come in
    a second all of it is in use, and afterwards three quarters. One line through both claimed nothing of it."""
    listeners = (0, 0, 0, 56, 147, 232, 335, 438, 547, 662, 768, 867, 980, 1078, 1167, 1217, 1217, 1217, 1217, 1217)
    busiest = (
        0.336, 0.319, 0.311, 0.391, 0.498, 0.622, 0.871, 1.005, 0.993, 0.997,
        1.01, 0.997, 1.007, 1.007, 0.986, 0.991, 0.942, 0.882, 0.78, 0.732,
    )  # fmt: skip
    pairs = enumerate(zip(listeners, busiest, strict=True))
    claim = extrapolate([EdgeLook(n, heard, busiest=used, full=heard / 16_000) for n, (heard, used) in pairs])
    assert claim is not None
    assert (claim.resource, claim.in_sight) == ("processor of the busiest edge", True)
    assert 0.85 * 2028 * (1 - claim.error) < claim.listeners < 2028
    assert claim.error < 0.25


def test_a_processor_that_is_full_is_not_passed_over_for_what_is_not_in_sight() -> None:
    """Nearly all looks are at all of it, so that its line is uncertain: it is claimed, with that error, and not three
    times what was driven."""
    driven = [EdgeLook(n, 100 * n, busiest=min(1.0, 0.3 + 0.2 * n), full=0.001 * n) for n in range(20)]
    claim = extrapolate(driven)
    assert claim is not None
    assert (claim.resource, claim.in_sight) == ("processor of the busiest edge", True)
    assert claim.error > 0.25


def test_a_certificate_says_how_far_such_claims_were_off() -> None:
    """The figures are the worst of each resource in docs/reference/certified.md; and they are read back."""
    rows = [line.split("|")[1:-1] for line in CERTIFIED.read_text("utf-8").splitlines() if "%)" in line]
    worst: dict[str, list[float]] = {}
    for *_, resource, off in rows:
        found = worst.setdefault(resource.split(",")[0].strip(), [])
        found.append(int(off.split("%")[0]) / 100)
    for resource, checked in certificate.CHECKED.items():
        assert (checked.lowest, checked.highest) == (min(worst[resource]), max(worst[resource])), resource
    driven = [EdgeLook(n, 100 * n, busiest=min(1.0, 0.3 + 0.2 * n)) for n in range(20)]
    claim = certify(report(edges=driven), configuration()).extrapolation
    assert claim is not None
    assert claim.checked == certificate.CHECKED[certificate.PROCESSOR]
    signed = certificate.sign(certify(report(edges=driven), configuration()), SECRET)
    assert certificate.read(signed).certificate.extrapolation == claim
