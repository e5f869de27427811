// Light, dark or as the device, and the language: what the reader chose before, without an account. No module: it
// runs before anything is drawn, so that no page flashes in the other colours.

(() => {
  const root = document.documentElement;

  /** @param {string} theme */
  const apply = (theme) => {
    const night = /** @type {HTMLLinkElement} */ (document.querySelector("[data-night]"));
    root.dataset.theme = theme;
    night.media = { dark: "all", light: "not all" }[theme] ?? "(prefers-color-scheme: dark)";
  };

  let theme = "";
  try { theme = localStorage.getItem("stentor-theme") ?? ""; } catch { /* it holds for this page */ }
  apply(theme);
  root.dataset.chosen = /stentor-language=([a-z]+)/.exec(document.cookie)?.[1] ?? "";
  addEventListener("DOMContentLoaded", () => {
    const select = /** @type {HTMLSelectElement | null} */ (document.querySelector("[data-themes]"));
    if (!select) return;
    select.value = theme;
    select.hidden = false;
    select.addEventListener("change", () => {
      apply(select.value);
      localStorage.setItem("stentor-theme", select.value);
    });
  });
  addEventListener("click", (event) => {
    const link = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-language]"));
    if (!link) return;
    document.cookie = `stentor-language=${link.dataset.language}; Path=/; Max-Age=31536000; SameSite=Lax`;
    if (!("reload" in link.dataset)) return;
    event.preventDefault(); // what stands behind the # stays
    location.reload();
  }, true);
})();
