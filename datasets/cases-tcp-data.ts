import type { Random } from "../src/base/random.ts";
import { pcap } from "./capture-files.ts";
import { type GoldenCase, pcapCase } from "./golden-case.ts";
import { LINKTYPE } from "./link-layers.ts";
import { answer, chunks, filler, get, HOST, head, post } from "./messages.ts";
import { Talk } from "./talk.ts";
import { Tape } from "./tape.ts";

function talkCase(name: string, act: (talk: Talk, random: Random, tape: Tape) => void): GoldenCase {
  return pcapCase(name, (random) => {
    const tape = new Tape();
    act(new Talk(tape, random).open(), random, tape);
    return pcap(tape);
  });
}

/** A response of 300 bytes in chunks of one: 100 bytes, and nothing else, are lost. */
function gapInChunk(talk: Talk, random: Random): void {
  const line = head("HTTP/1.1 200 OK", "Content-Type: text/plain", "Transfer-Encoding: chunked");
  talk
    .say("client", get("/gap"))
    .say("server", `${line}12c\r\n${filler(random, 100)}`)
    .lose("server", filler(random, 100))
    .say("server", `${filler(random, 100)}\r\n${chunks("abcdef", [6])}0\r\n\r\n`)
    .say("client", get("/after"))
    .say("server", answer("hello"))
    .close();
}

/** Three requests at once; the end of the first answer and the head of the second are lost. */
function gapOverMessageEnd(talk: Talk, random: Random): void {
  const first = answer(filler(random, 100));
  const second = answer(filler(random, 100));
  talk
    .say("client", get("/one") + get("/two"))
    .say("server", first.slice(0, -40))
    .lose("server", first.slice(-40) + second.slice(0, -50))
    .say("server", second.slice(-50))
    .say("client", get("/three"))
    .say("server", answer("hello"))
    .close();
}

/** What a stream holds, how it was cut and what of it is missing. */
export const TCP_DATA_CASES: readonly GoldenCase[] = [
  talkCase("tcp-keep-alive-probes", (talk) =>
    talk
      .say("client", get("/one"))
      .say("server", answer("hello"))
      .ack("client")
      // One byte of nothing in particular at the last number that is acknowledged already; then without a byte.
      .segment("client", "G", { flags: 0x10, shift: -1 })
      .ack("server")
      .ack("client", { shift: -1 })
      .ack("server")
      .segment("server", "H", { flags: 0x10, shift: -1 })
      .ack("client")
      .say("client", get("/two"))
      .say("server", answer("hello again"))
      .close(),
  ),
  talkCase("tcp-retransmission-differs", (talk) => {
    const request = get("/first");
    const response = answer("first");
    const other = head("HTTP/1.1 404 No", "Content-Type: text/other", "Content-Length: 5");
    talk
      .say("client", request)
      .segment("client", get("/other"), { shift: -request.length })
      .say("server", response)
      .segment("server", `${other}other`, { shift: -response.length })
      .say("client", get("/second"))
      .say("server", answer("hello"))
      .close();
  }),
  talkCase("tcp-overlap-differs", (talk) => {
    const start = "GET /gate.php HTTP/1.1\r\nHost: abc";
    const rest = "def.example\r\n\r\n";
    talk
      .say("client", start)
      // Begins three bytes early, with other letters there.
      .segment("client", `XYZ${rest}`, { shift: -3 })
      .skip("client", rest.length)
      .say("server", answer("hello"))
      .close();
  }),
  talkCase("tcp-overlap-held", (talk, random, tape) => {
    // Both copies arrive before what comes first: they wait together, and the first to arrive still wins.
    const line = "GET /gate.php HTTP/1.1\r\nHost: ";
    const name = "first";
    const rest = ".example\r\n\r\n";
    talk.say("client", line).say("client", name);
    talk.segment("client", "other", { shift: -name.length });
    talk.say("client", rest);
    tape.rearrange([1, 2, 3, 0]);
    talk.say("server", answer(filler(random, 30))).close();
  }),
  talkCase("tcp-out-of-order", (talk, random, tape) => {
    const request = get("/gate.php");
    const body = filler(random, 90);
    const response = answer(body);
    talk.say("client", request.slice(0, 30)).say("client", request.slice(30));
    tape.rearrange([1, 0]);
    talk
      .say("server", response.slice(0, -60))
      .say("server", response.slice(-60, -30))
      .say("server", response.slice(-30));
    tape.rearrange([2, 0, 1]);
    talk.close();
  }),
  talkCase("tcp-answer-before-request", (talk, _random, tape) => {
    talk.say("client", get("/gate.php")).say("server", answer("hello"));
    tape.rearrange([1, 0]);
    talk.say("client", get("/second")).say("server", answer("hello again")).close();
  }),
  pcapCase("tcp-every-packet-twice", (random) => {
    const once = new Tape();
    new Talk(once, random)
      .open()
      .say("client", post("/gate.php", filler(random, 20)))
      .say("server", answer(filler(random, 30)))
      .say("client", get("/second"))
      .say("server", answer("hello"))
      .close();
    const twice = new Tape();
    for (const { bytes, isFromClient } of once.packets) {
      twice.add(bytes, isFromClient);
      twice.add(bytes, isFromClient);
    }
    return pcap(twice);
  }),
  pcapCase("tcp-byte-by-byte", (random) => {
    const tape = new Tape();
    const talk = new Talk(tape, random).open();
    for (const byte of "GET /a HTTP/1.1\r\nHost: b\r\n\r\n") talk.say("client", byte);
    const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for (const byte of chunked) talk.say("server", byte);
    talk.close();
    return pcap(tape, ({ bytes }) => bytes, LINKTYPE.raw);
  }),
  talkCase("tcp-gap-in-body", (talk, random) => {
    const body = filler(random, 300);
    talk
      .say("client", get("/gap"))
      .say("server", answer(body).slice(0, -200))
      .lose("server", body.slice(100, 200))
      .say("server", body.slice(200))
      .say("client", get("/after"))
      .say("server", answer("hello"))
      .close();
  }),
  talkCase("tcp-gap-in-request-body", (talk, random) => {
    const body = filler(random, 90);
    talk
      .say("client", post("/gap", body).slice(0, -60))
      .lose("client", body.slice(30, 60))
      .say("client", body.slice(60))
      .say("server", answer("hello"))
      .say("client", get("/after"))
      .say("server", answer("hello again"))
      .close();
  }),
  talkCase("tcp-gap-in-chunk", gapInChunk),
  talkCase("tcp-gap-over-message-end", gapOverMessageEnd),
  talkCase("tcp-gap-in-request-head", (talk) =>
    talk
      .say("client", `GET /gap HTTP/1.1\r\nHost: ${HOST}\r\nUser-Ag`)
      .lose("client", "ent: nobody\r\nAccept: */*\r\n\r\n")
      .say("server", answer("hello"))
      .say("client", get("/after"))
      .say("server", answer("hello again"))
      .close(),
  ),
  talkCase("tcp-gap-in-response-head", (talk) => {
    const response = head(
      "HTTP/1.1 200 OK",
      "Content-Type: text/plain",
      "Server: nobody",
      "Content-Length: 5",
    );
    talk
      .say("client", get("/gap"))
      .say("server", response.slice(0, 48))
      .lose("server", `${response.slice(48)}hello`)
      .say("client", get("/after"))
      .say("server", answer("hello again"))
      .close();
  }),
  talkCase("tcp-gap-whole-request", (talk) =>
    talk
      .say("client", get("/one"))
      .say("server", answer("hello"))
      .lose("client", get("/two"))
      .say("server", answer("an answer to what is lost"))
      .say("client", get("/three"))
      .say("server", answer("hello again"))
      .close(),
  ),
  talkCase("tcp-gap-whole-response", (talk) =>
    talk
      .say("client", get("/one"))
      .lose("server", answer("an answer that is lost"))
      .say("client", get("/two"))
      .say("server", answer("hello again"))
      .close(),
  ),
];
