import test from "ava";
import { nearest } from "./piece.ts";

test("a word as long as a file gets no suggestion, and is not compared", (t) => {
  t.is(nearest("tpdst", ["tp_dst", "nw_dst"]), "tp_dst");
  t.is(nearest("x".repeat(50_000_000), ["tp_dst", "nw_dst"]), null);
});
