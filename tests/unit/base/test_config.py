"""Settings and secrets."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from stentor.base import config
from stentor.base.errors import SetupError


def test_the_command_line_wins_over_the_environment() -> None:
    """Options that were not given leave the environment's value alone."""
    settings = config.load({"STENTOR_PORT": "9000", "STENTOR_EDGES": "3"}, port=9001, edges=None)
    assert (settings.port, settings.edges) == (9001, 3)


def test_roles_get_the_same_settings_through_the_environment(tmp_path: Path) -> None:
    """What ``environment`` writes, ``load`` reads."""
    settings = config.Settings(data=str(tmp_path), port=9000, log_json=True, bus_hours=1.5)
    assert config.load(settings.environment()) == settings


@pytest.mark.parametrize("name", ["PORT", "EDGES", "BUS_HOURS"])
def test_a_setting_that_is_no_number_is_one_sentence(name: str) -> None:
    """A wrong value is a SetupError, not a traceback."""
    with pytest.raises(SetupError, match="STENTOR_"):
        config.load({f"STENTOR_{name}": "many"})


@pytest.mark.parametrize("tag", ["English (UK)", "en_US", "e"])
def test_the_language_of_the_site_is_a_tag(tag: str) -> None:
    """The sentence names the setting and an example; a tag is taken, and so is none."""
    assert [config.load({"STENTOR_LANGUAGE": good}).language for good in ("", "pt-BR")] == ["", "pt-BR"]
    with pytest.raises(SetupError, match=r"STENTOR_LANGUAGE .* en or pt-BR"):
        config.load({"STENTOR_LANGUAGE": tag})


@pytest.mark.parametrize("port", [0, 65536])
def test_a_port_is_between_1_and_65535(port: int) -> None:
    """The sentence names the setting."""
    with pytest.raises(SetupError, match="STENTOR_PORT"):
        config.load({}, port=port)


@pytest.mark.parametrize(
    ("text", "expected"), [("", None), ("40000-40100", (40000, 40100)), ("5000-5000", (5000, 5000))]
)
def test_udp_ports_are_a_range(text: str, expected: tuple[int, int] | None) -> None:
    """Both ends belong to the range."""
    assert config.Settings(udp_ports=text).udp_range == expected


@pytest.mark.parametrize("text", ["40000", "a-b", "50000-40000", "80-90", "60000-70000"])
def test_a_udp_range_that_is_none_is_refused(text: str) -> None:
    """Privileged, reversed or impossible ranges are refused with an example."""
    with pytest.raises(SetupError, match="40000-40100"):
        _ = config.Settings(udp_ports=text).udp_range


def test_defaults_follow_from_ports_and_folder(tmp_path: Path) -> None:
    """Addresses that were not set are those of this machine."""
    settings = config.Settings(data=str(tmp_path), port=1234, audience_port=1235)
    assert settings.house_address == settings.audience_address == "http://localhost:1235"
    assert settings.house_upstream == "http://127.0.0.1:1234"
    assert settings.database_address == f"sqlite:///{tmp_path.resolve()}/stentor.db"
    assert settings.recordings_address == f"file://{tmp_path.resolve()}/objects"
    assert settings.edge_count >= 1


@pytest.mark.parametrize(
    ("given", "house", "audience"),
    [
        ({"public_url": "https://talk.example"}, "https://talk.example", "https://talk.example"),
        (
            {"public_url": "https://talk.example", "audience_url": "https://listen.example"},
            "https://talk.example",
            "https://listen.example",
        ),
        ({"audience_url": "https://listen.example"}, "http://localhost:8080", "https://listen.example"),
    ],
)
def test_a_site_has_one_address_unless_it_is_given_two(given: dict[str, str], house: str, audience: str) -> None:
    """The address of the audience is the site's own, or one beside it."""
    settings = config.load({}, **given)
    assert (settings.house_address, settings.audience_address) == (house, audience)


@pytest.mark.parametrize(
    ("given", "upstream"),
    [
        ({"host": "::", "tls_cert": "c.pem"}, "https://[::1]:8080"),
        ({"host": "192.0.2.7"}, "http://192.0.2.7:8080"),
        ({"host": "2001:db8::7"}, "http://[2001:db8::7]:8080"),
        ({"house_url": "http://house:8080/"}, "http://house:8080"),
    ],
)
def test_edges_and_commands_find_the_house(given: dict[str, str], upstream: str) -> None:
    """On this machine, at the address it listens on, or where they are told."""
    assert config.load({}, **given).house_upstream == upstream


def test_secrets_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    """Key and token stay the same and nobody else may read them."""
    settings = config.Settings(data=str(tmp_path))
    assert config.signing_key(settings) == config.signing_key(settings)
    assert config.admin_token(settings) == config.admin_token(settings)
    assert len(config.signing_key(settings)) == 32
    for name in ("secret", "admin-token"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_a_damaged_secret_says_what_to_do(tmp_path: Path) -> None:
    """A short or unreadable secret is refused."""
    (tmp_path / "secret").write_bytes(b"short")
    with pytest.raises(SetupError, match="put it back from a backup"):
        config.signing_key(config.Settings(data=str(tmp_path)))
    with pytest.raises(SetupError, match="Cannot use"):
        config.signing_key(config.Settings(secret_file=str(tmp_path)))
