"""What tests of the base share."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """The settings of the log are the process's: the tests that follow shall not have them."""
    before, raises = structlog.get_config(), logging.raiseExceptions
    yield
    structlog.configure(**before)
    logging.raiseExceptions = raises
