/** Pages of traces are made of the same, so it lives where both may take it from. */
export { html, type Insert, Markup, visible } from "../base/markup.ts";
