// Whoever is in the audience now goes on as a listener, in the same page: it plays what everybody hears.

import { $, element, text } from "./page.js";

/** @param {SpaceView} view */
export function listenOn({ audience: { aac, opus, page } }) {
  if (!aac || $("listening")) return;
  const sources = [element("source", { src: aac, type: "audio/aac" }), element("source", { src: opus, type: "audio/ogg" })];
  const audio = element("audio", { id: "listening", controls: true, autoplay: true }, ...sources);
  audio.setAttribute("aria-label", text("stage.listening"));
  $("blocked").after(audio, element("p", {}, element("a", { href: page, className: "button" }, text("stage.listen_page"))));
}
