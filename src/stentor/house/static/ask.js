// Where somebody of the audience asks to speak, and speaks, who has no listener's page of the same address.

import { $ } from "./page.js";
import { Asking } from "./asking.js";

new Asking(JSON.parse($("page").textContent));
