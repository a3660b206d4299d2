import test from "ava";
import { Random } from "../../../src/base/random.ts";
import { extractKey } from "../key.ts";
import { CT_STATE, WORDS } from "../layout.ts";
import { Packet } from "../packet.ts";
import { CLIENT, SERVER, type Segment, tcp, udp } from "../switch.fixture.ts";
import { Conntrack } from "./conntrack.ts";

const BITS = ["new", "est", "rel", "rpl", "inv"] as const;

/** Packets between two hosts through a tracker that models Linux; each is committed. */
class LinuxWire {
  readonly conntrack = new Conntrack(Random.from(1), { connectionsMax: 100 }, "linux");
  #nowMs = 0;

  /** State bits of a frame, and the state that the dump shows. */
  send(frame: Uint8Array): string {
    const packet = new Packet(frame);
    extractKey(packet, new Int32Array(WORDS));
    const request = { zone: 0, commit: true, force: false, nat: null, mark: 0, markMask: 0 };
    this.conntrack.execute(packet, { ...request, label: null }, this.#nowMs);
    return BITS.filter((bit) => packet.ctState & CT_STATE[bit]).join("|");
  }

  out(flags: string, segment: Segment = {}): string {
    return this.send(tcp(CLIENT, SERVER, flags, segment));
  }

  back(flags: string, segment: Segment = {}): string {
    return this.send(tcp(SERVER, CLIENT, flags, segment));
  }

  warp(seconds: number): void {
    this.#nowMs += seconds * 1_000;
  }

  /** State and seconds left of the only connection; empty without one. */
  get dump(): string {
    const [line = "", more] = this.conntrack.dump(this.#nowMs, { more: true, statistics: true });
    if (more !== undefined) throw new Error("there are two connections");
    const [, left] = /timeout=(\d+)/.exec(line) ?? [];
    const [, state] = /state_orig=(\w+)/.exec(line) ?? [];
    return [state, left].filter((part) => part !== undefined).join(" ");
  }

  handshake(): this {
    this.out("S", { seq: 100 });
    this.back("SA", { seq: 900, ack: 101 });
    this.out("A", { seq: 101, ack: 901 });
    return this;
  }
}

test("Linux: a handshake goes through its states with their time-outs", (t) => {
  const wire = new LinuxWire();
  t.is(wire.out("S", { seq: 100 }), "new");
  t.is(wire.dump, "SYN_SENT 120");
  t.is(wire.back("SA", { seq: 900, ack: 101 }), "est|rpl");
  t.is(wire.dump, "SYN_RECV 60");
  t.is(wire.out("A", { seq: 101, ack: 901 }), "est");
  t.is(wire.dump, "ESTABLISHED 432000");
});

test("Linux: a close in order ends in TIME_WAIT, and a SYN then begins another connection", (t) => {
  const wire = new LinuxWire().handshake();
  t.is(wire.out("FA", { seq: 101, ack: 901 }), "est");
  t.is(wire.dump, "FIN_WAIT_1 120");
  t.is(wire.back("A", { seq: 901, ack: 102 }), "est|rpl");
  t.is(wire.dump, "CLOSE_WAIT 60");
  t.is(wire.back("FA", { seq: 901, ack: 102 }), "est|rpl");
  t.is(wire.dump, "LAST_ACK 30");
  t.is(wire.out("A", { seq: 102, ack: 902 }), "est");
  t.is(wire.dump, "TIME_WAIT 120");
  t.is(wire.out("S", { seq: 5_000 }), "new");
  t.is(wire.dump, "SYN_SENT 120");
});

test("Linux: a SYN sent again does not keep its connection alive", (t) => {
  const wire = new LinuxWire();
  wire.out("S", { seq: 100 });
  wire.warp(100);
  t.is(wire.out("S", { seq: 100 }), "new");
  t.is(wire.dump, "SYN_SENT 20");
});

test("Linux: an ACK before the SYN/ACK is invalid, where user space takes it for established", (t) => {
  const wire = new LinuxWire();
  wire.out("S", { seq: 100 });
  t.is(wire.out("A", { seq: 101, ack: 901 }), "inv");
});

test("Linux: a stream is picked up by an ACK with 300 seconds, not by FIN or RST", (t) => {
  for (const flags of ["FA", "R", "RA", "SA", "F"]) t.is(new LinuxWire().out(flags), "inv", flags);
  const wire = new LinuxWire();
  t.is(wire.out("A", { seq: 5_000, ack: 70_000 }), "new");
  t.is(wire.dump, "ESTABLISHED 300");
  t.is(wire.back("A", { seq: 70_000, ack: 5_000 }), "est|rpl");
  wire.out("A", { seq: 5_000, ack: 70_000 });
  t.is(wire.dump, "ESTABLISHED 432000");
});

test("Linux: a reset that answers a SYN ends the connection at once", (t) => {
  const wire = new LinuxWire();
  wire.out("S", { seq: 100 });
  t.is(wire.back("RA", { seq: 0, ack: 101 }), "est|rpl");
  t.is(wire.dump, "");
});

test("Linux: a reset before the acknowledged data is invalid, one after it closes only if it is exact", (t) => {
  const behind = new LinuxWire().handshake();
  t.is(behind.back("R", { seq: 890 }), "inv");
  t.is(behind.dump, "ESTABLISHED 432000");
  const ahead = new LinuxWire().handshake();
  t.is(ahead.back("R", { seq: 950 }), "est|rpl");
  t.is(ahead.dump, "ESTABLISHED 10");
  const exact = new LinuxWire().handshake();
  t.is(exact.back("R", { seq: 901 }), "est|rpl");
  t.is(exact.dump, "CLOSING 10");
});

test("Linux: data beyond the window is invalid unless the tracker is liberal", (t) => {
  const far = { seq: 10_000_000, ack: 901, payload: "x" };
  const wire = new LinuxWire().handshake();
  t.is(wire.out("A", far), "inv");
  wire.conntrack.liberal = true;
  t.is(wire.out("A", far), "est");
});

test("Linux: data without an acknowledgement holds its connection for 300 seconds only", (t) => {
  const wire = new LinuxWire().handshake();
  wire.out("PA", { seq: 101, ack: 901, payload: "hello" });
  t.is(wire.dump, "ESTABLISHED 300");
  wire.back("A", { seq: 901, ack: 106 });
  t.is(wire.dump, "ESTABLISHED 432000");
});

test("Linux: a SYN in an established connection passes, and its SYN/ACK puts the tracker right", (t) => {
  const wire = new LinuxWire().handshake();
  t.is(wire.out("S", { seq: 70_000 }), "est");
  t.is(wire.dump, "ESTABLISHED 432000");
  t.is(wire.back("SA", { seq: 1, ack: 70_001 }), "est|rpl");
  t.is(wire.dump, "SYN_RECV 60");
});

test("Linux: UDP is a stream once it is answered and two seconds old; port 0 is a port", (t) => {
  const wire = new LinuxWire();
  t.is(wire.send(udp(CLIENT, SERVER)), "new");
  t.is(wire.dump, "30");
  t.is(wire.send(udp(SERVER, CLIENT)), "est|rpl");
  t.is(wire.dump, "30");
  wire.warp(3);
  t.is(wire.send(udp(CLIENT, SERVER)), "est");
  t.is(wire.dump, "120");
  t.is(new LinuxWire().send(udp({ ...CLIENT, port: 0 }, SERVER)), "new");
});
