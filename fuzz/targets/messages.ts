import type { Random } from "../../src/base/random.ts";
import { RequestReader, ResponseReader } from "../../src/http/reader.ts";
import { mutateBytes } from "../mutate/bytes.ts";
import { makeTalk } from "../seeds/make-capture.ts";
import { expectSame, type Target } from "../target.ts";

type Reader = RequestReader | ResponseReader;

/** What one side of a conversation sends, with mutations on every level. */
function makeStream(random: Random, from: 0 | 1): Uint8Array {
  const said = makeTalk(random, 0.9).filter((saying) => saying.from === from);
  const text = Buffer.from(said.map((saying) => saying.text).join(""), "latin1");
  if (!random.chance(0.3)) return text;
  return mutateBytes(random, text, Buffer.from(makeTalk(random)[0]?.text ?? "", "latin1"));
}

/** Everything that a stream gives when it comes in pieces of this size. */
function messagesOf(reader: Reader, stream: Uint8Array, size: number): string {
  const messages: unknown[] = [];
  for (let at = 0; at < stream.length; at += size) {
    messages.push(...reader.push(stream.subarray(at, at + size)));
  }
  messages.push(...reader.end());
  return JSON.stringify({ messages, fault: reader.fault });
}

function target(name: string, from: 0 | 1, create: () => Reader): Target {
  return {
    name,
    share: 24,
    make: (random) => makeStream(random, from),
    run(input) {
      const whole = messagesOf(create(), input, Math.max(1, input.length));
      const size = Math.max(1 + (input.length % 13), Math.ceil(input.length / 500));
      expectSame("messages in pieces", messagesOf(create(), input, size), whole);
    },
  };
}

export const requests = target("requests", 0, () => new RequestReader());
export const responses = target("responses", 1, () => {
  const reader = new ResponseReader();
  for (const method of ["GET", "POST", "HEAD"]) reader.expect(method);
  return reader;
});
