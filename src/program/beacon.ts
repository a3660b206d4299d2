import { PROGRAM_LIMITS } from "../base/limits.ts";
import { type Socket, SocketError } from "../base/net.ts";
import type { ProgramHost } from "../host/host.ts";
import type { BeaconProgram } from "./spec.ts";

const CONNECT_TIMEOUT_MS = 3000;

/**
 * The positive control of containment: one long-lived TCP connection to the canary and a datagram each interval. Whatever of
 * it arrives got out. It goes on until its host is gone, and reports what changes (`beacon.up`, `beacon.down`).
 */
export async function runBeacon(program: BeaconProgram, host: ProgramHost): Promise<void> {
  await Promise.all([beaconTcp(program, host), beaconUdp(program, host)]);
}

async function beaconUdp(program: BeaconProgram, host: ProgramHost): Promise<void> {
  const socket = host.network.datagrams(0);
  for (let count = 1; ; count++) {
    try {
      socket.send(program.udp, payload(host, "udp", count));
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      if (error.code === "ECLOSED") return;
      host.report({ kind: "beacon.unsent", count, reason: error.code });
    }
    await host.timers.sleep(program.intervalMs);
  }
}

async function beaconTcp(program: BeaconProgram, host: ProgramHost): Promise<void> {
  let backoffMs = program.intervalMs;
  for (;;) {
    const reason = await oneConnection(program, host, () => {
      backoffMs = program.intervalMs;
    });
    if (reason === "ECLOSED") return;
    host.report({ kind: "beacon.down", reason });
    await host.timers.sleep(backoffMs);
    backoffMs = Math.min(PROGRAM_LIMITS.beaconPauseMsMax, backoffMs * 2);
  }
}

/** Hold one connection for as long as it lasts. Returns why it ended. */
async function oneConnection(
  program: BeaconProgram,
  host: ProgramHost,
  onUp: () => void,
): Promise<string> {
  try {
    const socket = await host.network.connect(program.tcp, CONNECT_TIMEOUT_MS);
    onUp();
    host.report({ kind: "beacon.up" });
    const ended = { reason: null as string | null };
    const closing = watchForEnd(socket).then((reason) => {
      ended.reason = reason;
    });
    for (let count = 1; ended.reason === null; count++) {
      await socket.write(payload(host, "tcp", count));
      await host.timers.sleep(program.intervalMs);
    }
    await closing;
    socket.end();
    return ended.reason;
  } catch (error) {
    if (error instanceof SocketError) return error.code;
    throw error;
  }
}

/** Resolves with the reason when the peer closes or the connection breaks. */
async function watchForEnd(socket: Socket): Promise<string> {
  try {
    while ((await socket.read()) !== null);
    return "closed by the peer";
  } catch (error) {
    if (error instanceof SocketError) return error.code;
    throw error;
  }
}

function payload(host: ProgramHost, protocol: "tcp" | "udp", count: number): Uint8Array {
  return new TextEncoder().encode(`isoreplay beacon ${host.name} ${protocol} ${count}\n`);
}
