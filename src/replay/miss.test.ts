import test from "ava";
import { sumSpans } from "./label.ts";
import { missAnswer } from "./miss.ts";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

test("the miss policy close sends nothing and closes", (t) => {
  const answer = missAnswer("close");
  t.is(answer.response.length, 0);
  t.true(answer.closes);
});

test("the miss policy empty-200 sends a 200 without a body and stays open", (t) => {
  const answer = missAnswer("empty-200");
  t.is(text(answer.response), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  t.false(answer.closes);
  t.deepEqual(sumSpans(answer.spans), {
    recorded: 0,
    substituted: 0,
    refused: answer.response.length,
  });
});
