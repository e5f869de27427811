// The page of posts in each state: their times as their readers have them, and pictures that open.

import "./design-still.js";
import { followPictures } from "./picture-view.js";
import { localise } from "./post-times.js";

localise(document);
followPictures();
