/** More frames than a capture can copy: what has passed so far is shown all the same, and said to be. */
import test from "ava";
import { PYTHON } from "../../lab/packets/packet-socket.ts";
import { Tap } from "../../lab/packets/tap.ts";
import { startCommand } from "../../src/base/command.ts";
import { hasMininet } from "../labs.fixture.ts";

/** A datagram to nobody, again and again; a capture of loopback sees it twice, and the answer to it. */
const FLOOD = `
import socket, time
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end = time.time() + 10
while time.time() < end:
    sender.sendto(b"flood", ("127.0.0.1", 9))
`;
const FRAMES_MIN = 20_000;

test.serial("a capture that never comes to an end still says what it has shown", async (t) => {
  t.timeout(60_000);
  if (!hasMininet(t)) return;
  let frames = 0;
  const busy = Promise.withResolvers<void>();
  const tap = await Tap.start(
    ([program = "", ...args]) => [program, ...args],
    {},
    ["lo"],
    () => {
      frames++;
      if (frames === FRAMES_MIN) busy.resolve();
    },
  );
  const flood = await startCommand(PYTHON, ["-c", FLOOD]);
  let isOver = false;
  void flood.ended.then(() => {
    isOver = true;
  });
  await busy.promise;
  await tap.drained();
  t.false(isOver);
  flood.kill("SIGKILL");
  await flood.ended;
  await tap.stop();
});
