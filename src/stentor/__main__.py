"""``python -m stentor``."""

from stentor.cli import run

run()
