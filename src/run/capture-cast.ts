import { elapsedMs } from "../base/clock.ts";
import { InputError } from "../base/errors.ts";
import { RUN_LIMITS } from "../base/limits.ts";
import { type Endpoint, formatEndpoint } from "../base/net.ts";
import { isPhpTarget } from "../feature/php.ts";
import type { Volume } from "../host/guest.ts";
import type { Transaction } from "../http/transaction.ts";
import type { Program } from "../program/program.ts";
import type { ScriptedExchange } from "../program/spec.ts";
import { macOf, Numbering } from "./addresses.ts";
import type { Cast, Role } from "./cast.ts";
import type { HostPlan } from "./plan.ts";

/** Networks to choose from, so that the lab's own addresses are none of the capture's servers. */
const LAB_NETWORKS = [
  ["10.10.0", "10.20.0"],
  ["172.30.10", "172.30.20"],
  ["192.168.210", "192.168.220"],
] as const;
const CANARY = { address: "203.0.113.250", tcpPort: 7001, udpPort: 7002 };
const ROUTER_OUTSIDE = "203.0.113.1";
const BEACON_INTERVAL_MS = 1000;

export interface CaptureConversation {
  readonly client: string;
  readonly transactions: readonly Transaction[];
}

/** The conversation of `client`, or of the client with the most `*.php` requests (then the most requests). */
export function conversationOf(
  transactions: readonly Transaction[],
  file: string,
  client?: string,
): CaptureConversation {
  const byClient = Map.groupBy(transactions, (t) => t.client.address);
  if (byClient.size === 0) {
    throw new InputError("the capture holds no HTTP request, so there is nothing to re-enact", {
      where: file,
      mend: `\`isoreplay extract ${file}\` lists what is found`,
    });
  }
  const rank = (list: readonly Transaction[]) =>
    list.filter((t) => isPhpTarget(t.uri)).length * 1e6 + list.length;
  const ranked = [...byClient].sort(([, a], [, b]) => rank(b) - rank(a));
  const chosen = client ?? ranked[0]?.[0] ?? "";
  const list = byClient.get(chosen);
  if (list === undefined) {
    throw new InputError(`no HTTP request of the client ${chosen} in the capture`, {
      where: file,
      mend: `clients found: ${ranked.map(([name]) => name).join(", ")}`,
    });
  }
  return {
    client: chosen,
    transactions: [...list].sort((a, b) => Number(a.requestStartNs - b.requestStartNs)),
  };
}

/**
 * A recorded conversation takes the place of the emulation: a scripted host sends the client's requests again, in the
 * same order and with the same gaps, and scripted servers under the recorded addresses answer as recorded. Bodies are
 * filler of the same length unless `keepBodies`.
 */
export function castOfCapture(conversation: CaptureConversation, keepBodies: boolean): Cast {
  const outside = outsideAddresses(conversation.transactions);
  const script = scriptOf(conversation.transactions, outside, keepBodies);
  const [privateNet, isolationNet] = labNetworks([...outside.values()]);
  const instances = new Numbering("private", `${privateNet}.0/24`, []);
  const targets = new Numbering("isolation", `${isolationNet}.0/24`, []);
  const instance: HostPlan = {
    name: "vm-capture-1",
    role: "instance",
    bridge: "private",
    ...instances.take(),
    prefixLength: 24,
    gateway: `${privateNet}.1`,
    volume: emptyVolume("capture"),
  };
  const target: HostPlan = {
    name: "iso-capture-1",
    role: "isolation-instance",
    bridge: "isolation",
    ...targets.take(),
    prefixLength: 24,
    gateway: `${isolationNet}.1`,
    volume: null,
  };
  const outlet: HostPlan = {
    name: "outlet",
    role: "outlet",
    bridge: "isolation",
    port: 2,
    mac: macOf("isolation", 2),
    address: `${isolationNet}.1`,
    prefixLength: 24,
    gateway: null,
    volume: null,
  };
  const servers = [...new Set(outside.values())].map((address, i) =>
    outsideHost(`server-${i + 1}`, "server", address, 10 + i),
  );
  const canary = outsideHost("canary", "canary", CANARY.address, 9);
  const client: Program = {
    kind: "scripted-client",
    connections: script.connections,
    exchanges: script.exchanges,
  };
  return {
    plan: {
      name: "capture",
      hosts: [instance, target, outlet, canary, ...servers],
      router: [
        router("private", `${privateNet}.1`, 24),
        // Everything that is not `private` is on the outside's link: recorded servers keep their own addresses.
        router("outside", ROUTER_OUTSIDE, 0),
      ],
      replayer: {
        name: "replayer",
        gatewayMac: macOf("isolation", 1),
        gatewayAddress: `${isolationNet}.1`,
      },
      faults: { delayMs: 2, jitterMs: 0.5, loss: 0, duplicate: 0, reorder: 0 },
    },
    servers: [...serverRoles(servers, script), canaryRole()],
    training: [],
    benign: [],
    suspects: [
      {
        host: instance.name,
        target: target.name,
        behaviour: null,
        program: client,
        isolatedProgram: client,
        beacon: {
          kind: "beacon",
          tcp: { address: CANARY.address, port: CANARY.tcpPort },
          udp: { address: CANARY.address, port: CANARY.udpPort },
          intervalMs: BEACON_INTERVAL_MS,
        },
        companion: null,
      },
    ],
    canary: { address: CANARY.address, port: CANARY.tcpPort },
    truth: null,
    effects: new Map(),
  };
}

interface Script {
  readonly connections: readonly Endpoint[];
  readonly exchanges: readonly ScriptedExchange[];
}

function scriptOf(
  transactions: readonly Transaction[],
  outside: ReadonlyMap<string, string>,
  keepBodies: boolean,
): Script {
  const connections: Endpoint[] = [];
  const indexByConnection = new Map<string, number>();
  let beforeNs = transactions[0]?.requestStartNs ?? 0n;
  const exchanges = transactions.map((t): ScriptedExchange => {
    const key = `${formatEndpoint(t.client)} ${formatEndpoint(t.server)}`;
    let connection = indexByConnection.get(key);
    if (connection === undefined) {
      connection = connections.length;
      indexByConnection.set(key, connection);
      connections.push({
        address: outside.get(t.server.address) ?? t.server.address,
        port: t.server.port,
      });
    }
    const gapMs = Math.min(
      RUN_LIMITS.captureGapMsMax,
      Math.max(0, elapsedMs(beforeNs, t.requestStartNs)),
    );
    beforeNs = t.requestStartNs;
    return {
      connection,
      gapMs,
      method: t.method,
      uri: t.uri,
      host: t.host,
      requestBytes: t.requestBytes,
      status: t.status,
      responseBytes: t.responseBytes,
      contentType: t.contentType,
      ...(keepBodies && t.raw !== undefined ? rawOf(t) : {}),
    };
  });
  return { connections, exchanges };
}

function rawOf(transaction: Transaction): { rawRequest?: string; rawResponse?: string } {
  const { raw } = transaction;
  // A message that was broken off cannot be sent as it was: its end would never come.
  if (raw === undefined || !transaction.complete) return {};
  return {
    rawRequest: Buffer.from(raw.request).toString("base64"),
    ...(transaction.status === null
      ? {}
      : { rawResponse: Buffer.from(raw.response).toString("base64") }),
  };
}

/** The address that each recorded server has in the lab: its own, or for IPv6 one of the benchmarking range (RFC 2544). */
function outsideAddresses(transactions: readonly Transaction[]): Map<string, string> {
  const addresses = new Map<string, string>();
  let next = 1;
  for (const { server } of transactions) {
    if (addresses.has(server.address)) continue;
    const number = next++;
    const stand = `198.18.${number >> 8}.${number & 0xff}`;
    addresses.set(server.address, server.address.includes(":") ? stand : server.address);
  }
  return addresses;
}

function labNetworks(servers: readonly string[]): readonly [string, string] {
  const isFree = (net: string) => servers.every((address) => !address.startsWith(`${net}.`));
  const free = LAB_NETWORKS.find((pair) => pair.every(isFree));
  if (free === undefined) {
    throw new InputError("the capture's servers use every network that the lab could use itself");
  }
  return free;
}

function outsideHost(
  name: string,
  role: "server" | "canary",
  address: string,
  port: number,
): HostPlan {
  return {
    name,
    role,
    bridge: "outside",
    port,
    mac: macOf("outside", port),
    address,
    prefixLength: 32,
    gateway: ROUTER_OUTSIDE,
    volume: null,
  };
}

function router(bridge: "private" | "outside", address: string, prefixLength: number) {
  return { bridge, port: 1, mac: macOf(bridge, 1), address, prefixLength };
}

function serverRoles(servers: readonly HostPlan[], script: Script): Role[] {
  return servers.flatMap((server) => {
    const own = script.exchanges.filter(
      (e) => script.connections[e.connection]?.address === server.address,
    );
    const byPort = Map.groupBy(own, (e) => script.connections[e.connection]?.port ?? 0);
    return [...byPort].map(([port, exchanges]): Role => {
      return { host: server.name, program: { kind: "scripted-server", port, exchanges } };
    });
  });
}

function canaryRole(): Role {
  const { tcpPort, udpPort } = CANARY;
  return { host: "canary", program: { kind: "canary", tcpPort, udpPort } };
}

function emptyVolume(botId: string): Volume {
  return { botId, cookies: [], homepage: "" };
}
