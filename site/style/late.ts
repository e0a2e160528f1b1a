import { sheetOf } from "./adopt.js";
import text from "./late.css";

/** Gives the tree that a place is in the style of stories and dialogs, once. */
export const adoptLate = sheetOf(text);
