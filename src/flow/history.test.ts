import test from "ava";
import fc from "fast-check";
import { HistoryMemory } from "./history.ts";

test("a repetition of the same bytes is never taken for a different one, in whatever length", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), fc.nat(), (bytes, cut) => {
      const history = new HistoryMemory().create();
      history.note(7, bytes, 0, bytes.length);
      t.false(history.differs(7, bytes, 0, 1 + (cut % bytes.length)));
    }),
  );
});

test("an answer that is injected before the true one is noticed", (t) => {
  const history = new HistoryMemory().create();
  const forged = Buffer.from("HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\n\r\n");
  const genuine = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  history.note(1, forged, 0, forged.length);
  t.true(history.differs(1, genuine, 0, genuine.length));
});
