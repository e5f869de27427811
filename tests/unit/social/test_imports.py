"""Lists of Mastodon's, in all the forms in which people have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import BadInput, Malformed
from stentor.social.imports import HEADERS, ImportKind, ImportLine, parted, read, write

ADA, BEN = ImportLine("ada@old.example"), ImportLine("ben@old.example", boosts=False, notify=True)


@pytest.mark.parametrize(
    ("text", "name", "kind", "rows"),
    [
        # with the header of 4.x, of 2.8 and of 1.x: none
        ("Account address,Show boosts,Notify on new posts,Languages\nada@old.example,true,false,\n"
         'ben@old.example,false,true,"de, en"\n', "", ImportKind.FOLLOWING, [ADA, BEN]),
        ("Account address,Show boosts\nada@old.example,true\n", "x.csv", ImportKind.FOLLOWING, [ADA]),
        ("ada@old.example\n", "following_accounts.csv", ImportKind.FOLLOWING, [ADA]),
        # as spreadsheets make them
        ("\ufeffAccount address;Show boosts\r\n@ada@old.example;TRUE\r\n\r\n", "", ImportKind.FOLLOWING, [ADA]),
        ("Account address,Hide notifications\nada@old.example,true\nben@old.example,false\n", "",
         ImportKind.MUTES, [ADA, ImportLine("ben@old.example", notify=True)]),
        ("ada@old.example\nada@old.example\n", "blocked_accounts.csv", ImportKind.BLOCKS, [ADA]),
        ("bad.example\n#domain\nthis is none\n", "", ImportKind.DOMAINS, [ImportLine("bad.example")]),
        ("#domain,#severity\nbad.example,suspend\n", "blocks.csv", ImportKind.DOMAINS, [ImportLine("bad.example")]),
        ("Friends,ada@old.example\nFriends,ben@old.example\n\"News, old\",ada@old.example\n", "", ImportKind.LISTS,
         [ImportLine("ada@old.example", list="Friends"), ImportLine("ben@old.example", list="Friends"),
          ImportLine("ada@old.example", list="News, old")]),
        ("#uri\nhttps://old.example/users/ada/statuses/1\n", "", ImportKind.BOOKMARKS,
         [ImportLine("https://old.example/users/ada/statuses/1")]),
        # mastodon#20571: one name in letters of its own made the whole file fail
        ("Account address,Show boosts\nada@old.example,true\ntest@թութ.հայ,true\n", "", ImportKind.FOLLOWING,
         [ADA, ImportLine("test@թութ.հայ")]),
    ],
)  # fmt: skip
def test_forms_of_lists(text: str, name: str, kind: ImportKind, rows: list[ImportLine]) -> None:
    assert read(text.encode(), name) == (kind, rows)


def test_whom_one_follows_is_not_blocked_by_mistake() -> None:
    """mastodon#20123, #18418: the wrong kind was chosen, and everybody was lost."""
    following = b"Account address,Show boosts\nada@old.example,true\n"
    for wanted in (ImportKind.BLOCKS, ImportKind.MUTES):
        with pytest.raises(BadInput) as caught:
            read(following, "following_accounts.csv", wanted)
        assert caught.value.error_code == "import-kind-differs"
    with pytest.raises(BadInput) as caught:
        read(b"ada@old.example\n", "people.csv")
    assert caught.value.error_code == "import-kind-unknown"
    assert read(b"ada@old.example\n", "people.csv", ImportKind.BLOCKS)[0] is ImportKind.BLOCKS


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xff\xfe\x00", "import-no-list"),
        (b"a\0b", "import-no-list"),
        (b"", "import-kind-unknown"),
        (b"#uri\nnothing\n", "import-nothing"),
        (b"a@b.example\n" * 20_002, "import-too-large"),
        (b"x" * (20 * 1024 * 1024 + 1), "import-too-large"),
    ],
)
def test_what_is_none_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(data)
    assert caught.value.error_code == code


@given(st.binary(max_size=300), st.sampled_from([None, *ImportKind]))
def test_any_file_is_read_or_refused(data: bytes, wanted: ImportKind | None) -> None:
    try:
        read(data, "", wanted)
    except BadInput:
        return


def test_what_is_written_is_read_again() -> None:
    rows = [("ada@old.example", "true", "false", ""), ("ben@old.example", "false", "true", "")]
    assert read(write(ImportKind.FOLLOWING, rows)) == (ImportKind.FOLLOWING, [ADA, BEN])
    assert write(ImportKind.FOLLOWING, []).decode().strip() == ",".join(HEADERS[ImportKind.FOLLOWING])
    assert read(write(ImportKind.LISTS, [("A, b", "ada@old.example")]))[1] == [
        ImportLine("ada@old.example", list="A, b")
    ]


def test_addresses() -> None:
    assert parted("@Ada@Old.Example", "here.example") == ("ada", "old.example")
    assert parted("ada@here.example", "here.example") == ("ada", "")
    assert parted("ada", "here.example") == ("ada", "")
    with pytest.raises(Malformed):
        parted("a b")
