"""Makes the documents' site in ``build/site``: pages with search, and the API from docstrings.

Called by ``make docs`` with the generator's own Python (``requirements/docs.txt``). The documents link to each other
and into the source as files do, so that they also work where they lie; here links into the source lead to the page that
is made of its docstrings. A link that leads nowhere ends the build. The site loads nothing from elsewhere.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "stentor"
BUILD = ROOT / "build"
PAGES, SITE = BUILD / "pages", BUILD / "site"
LINK = re.compile(r"(?<=\]\()(?!https?://|#|mailto:)([^)\s#]+)(#[^)\s]+)?(?=\))")
LOADS = re.compile(r'<(?:script|img|iframe|source|link)\b[^>]*\s(?:src|href)="((?:https?:)?//[^"]+)"')
ROLE = re.compile(r":(?:class|func|meth|data|mod|attr|exc):<code>~?(?:[\w.]*\.)?(\w+)</code>")
"""Sphinx's mark-up of names, as the generator leaves it."""
PURPOSES = {"howto": "How to", "reference": "Reference", "explanation": "Understand", "decisions": "Decisions"}
CONFIGURATION = """\
site_name: Stentor
docs_dir: pages
site_dir: site
use_directory_urls: false
theme:
  name: material
  font: false
  features: [navigation.tabs, navigation.indexes, content.code.copy]
markdown_extensions: [admonition, tables, attr_list, pymdownx.superfences, toc: {permalink: true}]
plugins:
  - search
  - mkdocstrings:
      handlers:
        python:
          paths: [../src]
          options:
            docstring_style: sphinx
            members_order: source
            heading_level: 2
            show_if_no_docstring: true
"""


def modules() -> dict[Path, str]:
    """Each source file with the name of its module."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        if "versions" not in path.parts and "__pycache__" not in path.parts and path.name != "__main__.py":
            parts = path.relative_to(SOURCE.parent).with_suffix("").parts
            found[path] = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return found


def page(path: Path, known: dict[Path, str]) -> Path | None:
    """Where in the site a file of the repository stands; None when it does not."""
    if path in known:
        return PAGES / "api" / f"{known[path]}.md"
    if path == ROOT / "README.md":
        return PAGES / "index.md"
    if path.is_relative_to(ROOT / "docs"):
        return PAGES / path.relative_to(ROOT / "docs")
    return PAGES / path.name if path.parent == ROOT and path.suffix == ".md" else None


def rewritten(text: str, path: Path, known: dict[Path, str]) -> str:
    """A document with its links as they are in the site; to what is not there, only the words remain."""
    own = page(path, known)
    assert own is not None
    here = own.parent

    def change(found: re.Match[str]) -> str:
        target, anchor = (path.parent / found[1]).resolve(), found[2] or ""
        there = page(target, known)
        if there is None:
            return "#"
        if target in known:
            anchor = f"#{known[target]}.{anchor[1:]}" if anchor and not anchor.startswith("#_") else ""
        return os.path.relpath(there, here) + anchor

    return re.sub(r"\[([^\]]*)\]\(#\)", r"\1", LINK.sub(change, text))


def write(known: dict[Path, str]) -> None:
    """All pages, as Markdown."""
    shutil.rmtree(BUILD, ignore_errors=True)
    shutil.copytree(ROOT / "docs", PAGES)
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        there = page(path, known)
        assert there is not None
        there.write_text(rewritten(path.read_text("utf-8"), path, known), "utf-8")
    (PAGES / "api").mkdir()
    for name in known.values():
        (PAGES / "api" / f"{name}.md").write_text(f"# {name}\n\n::: {name}\n", "utf-8")
    (BUILD / "mkdocs.yml").write_text(CONFIGURATION + "nav:\n" + "\n".join(navigation(known)) + "\n", "utf-8")


def navigation(known: dict[Path, str]) -> list[str]:
    """The site's contents, by purpose."""
    lines = ["  - Stentor: [index.md, tour.md, glossary.md, CONTRIBUTING.md, SECURITY.md, CHANGELOG.md]"]
    for folder, title in PURPOSES.items():
        names = sorted(path.name for path in (PAGES / folder).glob("*.md"))
        names.sort(key=lambda name: name != "README.md")
        lines.append(f"  - {title}: [{', '.join(f'{folder}/{name}' for name in names)}]")
    lines.append(f"  - Code: [{', '.join(f'api/{name}.md' for name in known.values())}]")
    return lines


def main() -> None:
    """Writes the pages, has the site made of them, and looks that it loads nothing from elsewhere."""
    known = modules()
    write(known)
    zensical = Path(sys.executable).with_name("zensical")
    made = subprocess.run(
        [zensical, "build", "--strict", "-f", BUILD / "mkdocs.yml"], capture_output=True, text=True, check=False
    )
    if made.returncode:
        sys.exit(f"{made.stdout}{made.stderr}The site was not made: mend what is said above.")
    for path in SITE.rglob("*.html"):
        text = ROLE.sub(r"<code>\1</code>", path.read_text("utf-8"))
        path.write_text(text, "utf-8")
        if found := LOADS.search(text):
            sys.exit(f"{path.relative_to(SITE)} loads something from elsewhere: {found[1]}")
    print(f"{len(list(SITE.rglob('*.html')))} pages in {SITE.relative_to(ROOT)}: open {SITE / 'index.html'}")


if __name__ == "__main__":
    main()
