// One's own tokens for programs, on the page of the account.

import { $, ask, button, element, sure, text, when } from "./page.js";

/** @typedef {{ id: string, name: string, scopes: string[], ends_ms: number | null, used_ms: number | null }} ApiToken */

/**
 * Lists the tokens, and makes and revokes them.
 * @param {(work: () => unknown) => Promise<unknown>} signedIn does something that may take a new sign-in
 */
export async function showTokens(signedIn) {
  /** @param {ApiToken} token */
  const row = (token) => {
    const { ends_ms } = token;
    const ends = ends_ms === null ? text("tokens.endless") : text(ends_ms > Date.now() ? "tokens.ends" : "tokens.ended", { when: when(ends_ms) });
    const used = token.used_ms === null ? text("tokens.unused") : text("tokens.used", { when: when(token.used_ms) });
    const said = element("span", {}, element("strong", {}, token.name), element("br"), element("span", { className: "quiet" }, [new Intl.ListFormat(document.documentElement.lang).format(token.scopes.map((scope) => text(`tokens.scope_${scope}`))), ends, used].join(" · ")));
    return element("li", {}, said, button(text("tokens.revoke"), async () => {
      if (await sure(text("tokens.sure", { name: token.name }), text("tokens.revoke"))) signedIn(async () => draw((await ask("DELETE", `/account/tokens/${token.id}`)).tokens));
    }, { className: "small danger" }));
  };
  /** @param {ApiToken[]} tokens */
  const draw = (tokens) => $("tokens").replaceChildren(...(tokens.length ? tokens.map(row) : [element("li", { className: "quiet" }, text("tokens.none"))]));
  $("token").addEventListener("submit", (/** @type {FormEvent} */ event) => {
    event.preventDefault();
    const form = event.target;
    signedIn(async () => {
      const given = new FormData(form);
      const body = { name: given.get("name"), scopes: given.getAll("scopes"), days: Number(given.get("days")) };
      const made = await ask("POST", "/account/tokens", { body });
      $("token-fresh").textContent = text("tokens.fresh", { token: made.token });
      $("token-fresh").hidden = false;
      form.reset();
      draw((await ask("GET", "/account/tokens")).tokens);
    });
  });
  draw((await ask("GET", "/account/tokens")).tokens);
}
