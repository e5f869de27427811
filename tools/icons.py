"""Draws the pictures that telephones put on their home screens out of ``icon.svg``: ``python -m tools.icons``.

Two have its round corners; one is full, for devices that cut their own shape.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.support import chromium

STATIC = Path(__file__).parents[1] / "src" / "stentor" / "edge" / "static"
ROUND = ' rx="9"'
SIZES = {"icon-192.png": 192, "icon-512.png": 512, "icon-full.png": 512}


def draw() -> None:
    """Writes them beside it."""
    svg = (STATIC / "icon.svg").read_text("utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.executable(), args=chromium.FLAGS)
        for name, size in SIZES.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            shown = svg.replace(ROUND, "") if name == "icon-full.png" else svg
            page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{shown}")
            page.screenshot(path=STATIC / name, omit_background=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    draw()
