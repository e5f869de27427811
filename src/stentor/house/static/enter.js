// The entrance of a private space: the link of a ticket brings its code behind the #, which no server sees or logs.

import { $ } from "./page.js";

const code = decodeURIComponent(location.hash.slice(1));
if (code) {
  $("word").value = code;
  history.replaceState(null, "", location.pathname);
}
$("word").focus();
