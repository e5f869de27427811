// Handing on an address: by the system's own way where there is one, else into the clipboard.

import { toast } from "./toast.js";

const BY_HAND_MS = 12_000; // it takes as long to copy an address by hand

/**
 * Says what became of it; `say` has the texts "shared" and "share_by_hand".
 * @param {{ title: string, url: string }} what
 * @param {Say} say
 */
export async function share({ title, url }, say) {
  if (navigator.canShare?.({ title, url }) && matchMedia("(pointer: coarse)").matches) {
    const failed = await navigator.share({ title, url }).then(() => "", ({ name }) => name);
    if (!failed || failed === "AbortError") return; // who closes it has changed their mind
  }
  try {
    await navigator.clipboard.writeText(url);
    toast(say("shared", { link: url }));
  } catch {
    toast(say("share_by_hand", { link: url }), undefined, BY_HAND_MS); // the browser does not let us: the link stands there
  }
}
