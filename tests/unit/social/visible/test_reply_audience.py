"""Who may read an answer."""

from __future__ import annotations

from itertools import product

import pytest

from stentor.social.model import Audience
from stentor.social.visible import may_read, reply_audience
from tests.support.visibility import READERS, post


@pytest.mark.parametrize(("wanted", "answered"), list(product(Audience, Audience)))
def test_an_answer_is_read_by_no_more_than_what_it_answers(wanted: Audience, answered: Audience) -> None:
    """Whatever its author has asked for; and by no more than that."""
    found = post(reply_audience(wanted, post(answered)))
    for relation in (None, *READERS.values()):
        reads = may_read(post(wanted), relation), may_read(post(answered), relation)
        assert may_read(found, relation) == all(reads)
