"""A language that nobody speaks: every text on a page, 40 % longer and with accents; what does not fit then?

It is put over the page that stands, in whatever state, measured, and taken away in the same moment.
"""

from __future__ import annotations

from playwright.async_api import Page

_MEASURE = """() => {
  const accents = { a: "à", e: "é", i: "ï", o: "ö", u: "ü", A: "Å", E: "Ê", I: "Î", O: "Ø", U: "Ù" };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const kept = [];
  const small = (each) => each.localName !== "select" && each.scrollWidth > each.clientWidth + 2;
  const within = document.querySelector("dialog[open]") ?? document;
  const buttons = [...within.querySelectorAll("button, .button, summary, [role=tab], select")];
  const already = new Set(buttons.filter(small)); // by a badge, or words for those who do not see it
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const words = node.data.trim();
    if (!/[a-z]/i.test(words) || node.parentElement.closest("script, style, noscript, code, option, .unseen")) continue;
    kept.push([node, node.data]);
    const more = "öñé twó ßév".repeat(20).slice(0, Math.ceil(words.length * 0.4));
    node.data = node.data.replace(/[aeiou]/gi, (letter) => accents[letter]).replace(/\\s*$/, more + " ");
  }
  const found = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) found.push(`the page is ${wide} px wide`);
  const name = (each) => `<${each.localName} id="${each.id}"> ${each.textContent.trim().slice(0, 40)}`;
  for (const each of buttons) {
    if (!each.checkVisibility({ visibilityProperty: true }) || !each.getClientRects().length) continue;
    const { left, right } = each.getBoundingClientRect();
    const scrolls = each.closest(".tabs, [role=tablist]");
    if (!scrolls && (left < -1 || right > innerWidth + 1)) found.push(`${name(each)} ends at ${Math.round(right)} px`);
    if (small(each) && !already.has(each)) found.push(`${name(each)} is too small for its words`);
  }
  for (const [node, before] of kept) node.data = before;
  return [kept.length, found];
}"""


async def too_long(page: Page) -> list[str]:
    """What does not fit in the page's own width."""
    texts, found = await page.evaluate(_MEASURE)
    assert texts > 3, "there is hardly a text on this page"
    return [str(each) for each in found]
