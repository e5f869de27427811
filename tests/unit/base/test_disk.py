"""Which disks of this machine are looked at."""

from __future__ import annotations

from pathlib import Path

from stentor.base.config import Settings
from stentor.base.disk import look, places


def test_what_is_elsewhere_is_not_looked_at(tmp_path: Path) -> None:
    """An object store, PostgreSQL and a NATS server of one's own; the embedded bus is, by its address too."""
    here = Settings(data=str(tmp_path))
    names = {"recordings": "objects", "database": "", "bus": "nats"}
    assert places(here) == {name: tmp_path / folder for name, folder in names.items()}
    elsewhere = Settings(
        data=str(tmp_path), nats_url="nats://n:4222", recordings_url="s3://bucket", database_url="postgresql://d/s"
    )
    assert places(elsewhere) == {}
    (tmp_path / "nats" / "jetstream").mkdir(parents=True)
    assert places(elsewhere) == {"bus": tmp_path / "nats"}


def test_one_disk_counts_once(tmp_path: Path) -> None:
    """With all that is kept on it, also in folders that are not there yet; another disk is another."""
    [disk] = look({"recordings": tmp_path / "not" / "yet", "bus": tmp_path})
    assert disk.keeps == ("recordings", "bus")
    assert disk.free_bytes > 0
    assert [each.keeps for each in look({"recordings": tmp_path, "bus": Path("/proc")})] == [("recordings",), ("bus",)]
    assert look({}) == []
