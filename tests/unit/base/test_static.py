"""Files with hashes in their addresses: what a script loads has them, too, and what changes has another."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stentor.base.errors import NotFound
from stentor.base.static import ASK_AGAIN, IMMUTABLE, Static

SCRIPTS = {
    "page.js": 'import { a } from "./a.js";\nconst later = () => import("./later.js");\nconst other = "./none.js";\n',
    "a.js": 'import "./b.js";\n',
    "b.js": "export const b = 1;\n",
    "later.js": 'export { b } from "./b.js";\n',
    "alone.js": "export {};\n",
}


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Static:
    """A package's scripts."""
    return static(tmp_path, monkeypatch, SCRIPTS)


def static(folder: Path, monkeypatch: pytest.MonkeyPatch, scripts: dict[str, str]) -> Static:
    (folder / "static").mkdir(exist_ok=True)
    for name, text in scripts.items():
        (folder / "static" / name).write_text(text, "utf-8")
    monkeypatch.setattr("stentor.base.static.resources.files", lambda _: folder)
    return Static("of-the-test")


def test_scripts_load_by_hashes(made: Static) -> None:
    """Whatever a script names that is there; a name that is none of ours stays."""
    page = made.files["page.js"].body.decode()
    assert f'from "{made("a.js")}"' in page
    assert f'import("{made("later.js")}")' in page
    assert '"./none.js"' in page
    assert re.fullmatch(r"/static/[0-9a-f]{12}/b\.js", made("b.js"))


def test_a_page_names_all_scripts_that_come_before_it_runs(made: Static) -> None:
    """Whatever is imported, by whomever, once; what is loaded later is named only by who wants it at once, too."""
    assert made.modules("page.js") == [made("page.js"), made("a.js"), made("b.js")]
    assert made.modules("alone.js") == [made("alone.js")]
    with_later = made.modules("page.js", "later.js")
    assert set(with_later) == {made(name) for name in ("page.js", "a.js", "b.js", "later.js")}
    assert len(with_later) == 4


def test_a_change_moves_all_that_load_it_and_nothing_else(
    made: Static, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that is kept for ever would go on with the old file otherwise; the rest is kept."""
    changed = static(tmp_path, monkeypatch, SCRIPTS | {"b.js": "export const b = 2;\n"})
    assert {name for name in SCRIPTS if made(name) != changed(name)} == {"page.js", "a.js", "later.js", "b.js"}


def test_an_address_of_another_version_leads_to_the_file_of_today(made: Static) -> None:
    """Pages that were loaded before, and edges of another release: they get it, and keep it for no time."""
    version, name = made("b.js").split("/")[2:]
    assert made.find(version, name) == (made.files["b.js"], IMMUTABLE)
    assert made.find("000000000000", name) == (made.files["b.js"], ASK_AGAIN)
    with pytest.raises(NotFound):
        made.find(version, "../static.py")


def test_house_and_edge_share_scripts() -> None:
    """Those of ``web/shared`` load each other from beside them, and have one address at both."""
    house, edge = Static("stentor.house"), Static("stentor.edge")
    shared = [name for name in house.files if name.startswith("shared/")]
    assert shared
    assert [house(name) for name in shared] == [edge(name) for name in shared]
    assert house("shared/element.js") in house.files["shared/portrait.js"].body.decode()


def test_a_circle_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No hash could stand in its own content."""
    with pytest.raises(ValueError, match=r"in a circle.*\.js → [ab]\.js → "):
        static(tmp_path, monkeypatch, SCRIPTS | {"b.js": 'import "./a.js";\n'})


@pytest.mark.parametrize("package", ["stentor.house", "stentor.edge"])
def test_everything_that_our_scripts_load_is_there(package: str) -> None:
    """No name is left as it was written, but of what only a build brings."""
    for name, file in Static(package).files.items():
        left = re.findall(r'"\./([\w./-]+)"', file.body.decode()) if name.endswith(".js") else []
        assert {name for name in left if not name.startswith("vendor/")} == set()


def test_what_is_for_readers_of_the_source_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments, indentation and empty lines stay here; what stands in a text is sent, and so is what others have
    written."""
    text = (
        "// why\n/**\n * @param {string} a\n */\nconst a = 1; // one\n\n  const b = /** @type {any} */ (a);\n"
        'const c = "not // one";\nconst d = `https://${a}/ // two`; // it\'s kept\n'
    )
    (tmp_path / "static" / "vendor").mkdir(parents=True)
    made = static(tmp_path, monkeypatch, {"a.js": text, "vendor/b.js": text, "c.css": "/* why */\na {\n  b: c;\n}\n"})
    sent = "const a = 1;\nconst b = /** @type {any} */ (a);\n"
    sent += 'const c = "not // one";\nconst d = `https://${a}/ // two`; // it\'s kept\n'
    assert made.files["a.js"].body.decode() == sent
    assert made.files["vendor/b.js"].body.decode() == text
    assert made.files["c.css"].body.decode() == "a {\nb: c;\n}\n"


@pytest.mark.parametrize("package", ["stentor.house", "stentor.edge"])
def test_no_text_of_a_script_spans_lines(package: str) -> None:
    """What looks like indentation is indentation."""
    for name, file in Static(package).files.items():
        if name.endswith(".js") and not name.startswith("vendor/"):
            assert not [line for line in file.body.decode().splitlines() if line.count("`") % 2], name
