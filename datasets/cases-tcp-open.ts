import type { Random } from "../src/base/random.ts";
import { TCP_FLAG } from "../src/wire/tcp.ts";
import { pcap } from "./capture-files.ts";
import { type GoldenCase, pcapCase } from "./golden-case.ts";
import { join } from "./link-layers.ts";
import { answer, filler, get } from "./messages.ts";
import { Talk, type TalkOptions } from "./talk.ts";
import { Tape } from "./tape.ts";

/** TCP Fast Open cookie (RFC 7413 §4.1.1): kind 34, length 10, 8 bytes; two bytes of nothing before it. */
function cookie(random: Random): Uint8Array {
  return join(Uint8Array.of(1, 1, 34, 10), random.bytes(8));
}

/** A case of one connection. */
function talkCase(
  name: string,
  act: (talk: Talk, random: Random, tape: Tape) => void,
  options: TalkOptions = {},
): GoldenCase {
  return pcapCase(name, (random) => {
    const tape = new Tape();
    act(new Talk(tape, random, options), random, tape);
    return pcap(tape);
  });
}

/** How connections begin, are used again and end. */
export const TCP_OPEN_CASES: readonly GoldenCase[] = [
  // Ports the other way round than usual, so that they help nobody to tell the client.
  talkCase(
    "tcp-start-with-syn-ack",
    (talk) =>
      talk
        .skip("client", 1)
        .synAck("server")
        .ack("client")
        .say("client", get("/gate.php"))
        .say("server", answer("hello"))
        .close(),
    { clientPort: 1_025, serverPort: 50_000 },
  ),
  talkCase("tcp-start-without-syn-ack", (talk) =>
    talk
      .syn("client")
      .skip("server", 1)
      .ack("client")
      .say("client", get("/gate.php"))
      .say("server", answer("hello"))
      .close(),
  ),
  talkCase("tcp-start-with-request", (talk) =>
    talk.say("client", get("/gate.php")).say("server", answer("hello")).close(),
  ),
  talkCase("tcp-start-in-response", (talk) =>
    talk
      .say("server", "the rest of a body\r\nthat nobody saw begin\r\n")
      .ack("client")
      .say("client", get("/gate.php"))
      .say("server", answer("hello"))
      .close(),
  ),
  talkCase("tcp-start-in-request", (talk) =>
    talk
      .say("client", "the=rest&of=a+form")
      .say("server", answer("to the form"))
      .say("client", get("/gate.php"))
      .say("server", answer("hello"))
      .close(),
  ),
  talkCase("tcp-simultaneous-open", (talk) => {
    const both = TCP_FLAG.syn | TCP_FLAG.ack;
    talk
      .syn("server")
      .syn("client")
      .segment("server", "", { flags: both, shift: -1 })
      .segment("client", "", { flags: both, shift: -1 })
      .say("client", get("/gate.php"))
      .say("server", answer("hello"))
      .close();
  }),
  talkCase("tcp-fast-open", (talk, random) =>
    talk
      .syn("client", get("/gate.php"), { options: cookie(random) })
      .synAck("server")
      .say("server", answer("hello"))
      .ack("client")
      .close(),
  ),
  talkCase("tcp-fast-open-refused", (talk, random) => {
    const request = get("/gate.php");
    const first = talk.nextOf("client") + 1;
    talk
      .syn("client", request, { options: cookie(random) })
      .synAck("server", { acknowledgement: first })
      .segment("client", request, { shift: -request.length })
      .say("server", answer("hello"))
      .close();
  }),
  talkCase("tcp-half-close", (talk) =>
    talk
      .open()
      .fin("client", get("/gate.php"))
      .ack("server")
      .say("server", answer("hello"))
      .fin("server")
      .ack("client"),
  ),
  talkCase("tcp-data-with-fin", (talk) => {
    const whole = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello";
    talk
      .open()
      .say("client", "GET /gate.php HTTP/1.0\r\n\r\n")
      .say("server", whole.slice(0, -2))
      .fin("server", whole.slice(-2))
      // The same once more, FIN and all.
      .segment("server", whole.slice(-2), {
        flags: TCP_FLAG.fin | TCP_FLAG.ack | TCP_FLAG.psh,
        shift: -3,
      })
      .fin("client");
  }),
  pcapCase("tcp-port-reuse", (random) => {
    const tape = new Tape();
    for (const name of ["one", "two"]) {
      const talk = new Talk(tape, random).open();
      talk.say("client", get(`/${name}`));
      talk.say("server", answer(name === "one" ? "hello" : "hello again")).close();
    }
    return pcap(tape);
  }),
  pcapCase("tcp-port-reuse-without-close", (random) => {
    const tape = new Tape();
    const sequences = { client: 0x6000_0000, server: 0x6800_0000 };
    new Talk(tape, random, { sequences }).open().say("client", get("/never-answered"));
    // The new connection's numbers are below the old one's: they must not be taken for old data.
    const talk = new Talk(tape, random, {
      sequences: { client: 0x5fff_ff00, server: 0x1000_0000 },
    });
    talk.open().say("client", get("/two")).say("server", answer("hello again")).close();
    return pcap(tape);
  }),
  talkCase("tcp-reset-in-body", (talk, random) => {
    const whole = answer(filler(random, 200));
    talk.open().say("client", get("/gate.php")).say("server", whole.slice(0, -80)).reset("server");
  }),
  talkCase("tcp-reset-ends-body-until-close", (talk) =>
    talk
      .open()
      .say("client", "GET /gate.php HTTP/1.0\r\n\r\n")
      .say("server", "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhel")
      .reset("server"),
  ),
  talkCase("tcp-reset-forged", (talk, random) => {
    const whole = answer(filler(random, 200));
    talk
      .open()
      .say("client", get("/gate.php"))
      .say("server", whole.slice(0, -80))
      .reset("server", 1_000_000)
      .reset("client", -1_000_000)
      .say("server", whole.slice(-80))
      .say("client", get("/still-open"))
      .say("server", answer("hello"))
      .close();
  }),
  talkCase(
    "tcp-sequence-wrap",
    (talk, random) =>
      talk
        .open()
        .say("client", get("/gate.php"))
        .say("server", answer(filler(random, 60)).slice(0, -30))
        .say("server", filler(random, 30))
        .say("client", get("/after-the-wrap"))
        .say("server", answer("hello"))
        .close(),
    // The request wraps within its head, the answer within its body.
    { sequences: { client: 0xffff_fff0, server: 0xffff_ffb0 } },
  ),
];
