import { type DatagramSocket, type Listener, type Socket, SocketError } from "../base/net.ts";
import type { ProgramHost } from "../host/host.ts";
import type { CanaryProgram } from "./spec.ts";

/**
 * Reports whatever reaches it as `canary.arrival`: each TCP connection, each piece read from one, each datagram.
 * It answers nothing but what TCP itself does, and ends with its host.
 */
export async function runCanary(program: CanaryProgram, host: ProgramHost): Promise<void> {
  const listener = host.network.listen(program.tcpPort);
  const datagrams = host.network.datagrams(program.udpPort);
  await Promise.all([watchConnections(host, listener), watchDatagrams(host, datagrams)]);
}

async function watchConnections(host: ProgramHost, listener: Listener): Promise<void> {
  await whileOpen(async () => {
    const socket = await listener.accept();
    arrival(host, "tcp-connection", socket.remote.address, 0);
    void watchSocket(host, socket);
    return true;
  });
}

async function watchSocket(host: ProgramHost, socket: Socket): Promise<void> {
  await whileOpen(async () => {
    const bytes = await socket.read();
    if (bytes !== null) arrival(host, "tcp", socket.remote.address, bytes.length);
    else socket.end();
    return bytes !== null;
  });
}

async function watchDatagrams(host: ProgramHost, socket: DatagramSocket): Promise<void> {
  await whileOpen(async () => {
    const { from, bytes } = await socket.receive();
    arrival(host, "udp", from.address, bytes.length);
    return true;
  });
}

/** Repeat while the step says so. That the network breaks it off is an end like any other for a canary. */
async function whileOpen(step: () => Promise<boolean>): Promise<void> {
  try {
    while (await step());
  } catch (error) {
    if (!(error instanceof SocketError)) throw error;
  }
}

function arrival(host: ProgramHost, how: string, from: string, bytes: number): void {
  host.report({ kind: "canary.arrival", how, from, bytes });
}
