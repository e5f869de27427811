// The pages of posts for who is signed in: what their forms do happens in place, and nothing that was typed is lost.

import { begin } from "./composer.js";
import { followDeeds } from "./deeds.js";
import { followKeys } from "./home-keys.js";
import { followMenus } from "./menus.js";
import { followImports } from "./imports.js";
import { followPictures } from "./picture-view.js";
import { localise } from "./post-times.js";
import { badge } from "./shared/installed.js";
import { followTimeline } from "./timeline.js";
import { followUpload } from "./upload.js";

localise(document);
begin(document);
followDeeds();
followKeys();
followMenus();
followImports();
followPictures();
followTimeline();
followUpload();
badge(Number.parseInt(document.querySelector("[data-way=notifications] .count")?.textContent ?? "0", 10));
