// The page of posts in each state: their times as their readers have them.

import "./design-still.js";
import { localise } from "./post-times.js";

localise(document);
