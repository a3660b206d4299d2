import test from "ava";
import { readHeaders } from "./headers.ts";

test("a head that was cut in its last line is read to its end and no further", (t) => {
  // The last line has no LF, and the memory behind it belongs to something else.
  const text = "HTTP/1.1 200 OK\r\nA: 1\r\nB: two";
  const memory = new Uint8Array(Buffer.from(`${text}!!`, "latin1"));
  const expected = [
    ["A", "1"],
    ["B", "two"],
  ];
  t.deepEqual(readHeaders(memory, 0, text.length), expected);
  t.deepEqual(readHeaders(memory.slice(0, text.length), 0, text.length), expected);
});
