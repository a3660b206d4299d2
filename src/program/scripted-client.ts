import { NS_PER_MS } from "../base/clock.ts";
import type { Endpoint } from "../base/net.ts";
import type { ProgramHost } from "../host/host.ts";
import { HttpClient } from "../host/http-client.ts";
import { formatRequest } from "../http/format.ts";
import { fillerText } from "./filler.ts";
import type { ScriptedClientProgram, ScriptedExchange } from "./spec.ts";

/**
 * Sends the requests of a recorded conversation again: the same order, the same gaps between their starts (an answer that takes
 * longer delays the next one), each on its recorded connection. What fails is reported, and the script goes on.
 */
export async function runScriptedClient(
  program: ScriptedClientProgram,
  host: ProgramHost,
): Promise<void> {
  const clients = new Map<number, HttpClient>();
  const last = lastUses(program.exchanges);
  let dueNs = host.timers.nowNs();
  for (const [index, exchange] of program.exchanges.entries()) {
    dueNs += BigInt(Math.round(exchange.gapMs * Number(NS_PER_MS)));
    const waitNs = dueNs - host.timers.nowNs();
    if (waitNs > 0n) await host.timers.sleep(Number(waitNs) / Number(NS_PER_MS));
    // A late request must not make the ones after it hurry to catch up.
    else dueNs = host.timers.nowNs();

    const client = clientFor(program, host, clients, exchange.connection);
    const { status, bytes, failure } = await send(client, exchange);
    if (failure === "ECLOSED") return;
    host.report({
      kind: "scripted.request",
      index,
      method: exchange.method,
      uri: exchange.uri.slice(0, 200),
      status,
      bytes,
      outcome: failure ?? (exchange.status === null ? "sent" : "answered"),
    });
    if (last.get(exchange.connection) === index) client.close();
  }
}

/** The last exchange of each connection, so that it is closed where it was closed. */
export function lastUses(exchanges: readonly ScriptedExchange[]): ReadonlyMap<number, number> {
  return new Map(exchanges.map(({ connection }, index) => [connection, index]));
}

function clientFor(
  program: ScriptedClientProgram,
  host: ProgramHost,
  clients: Map<number, HttpClient>,
  connection: number,
): HttpClient {
  const known = clients.get(connection);
  if (known !== undefined) return known;
  const server: Endpoint | undefined = program.connections[connection];
  if (server === undefined) throw new RangeError(`the script has no connection ${connection}`);
  const client = new HttpClient(host, server, { keepAlive: true });
  clients.set(connection, client);
  return client;
}

async function send(client: HttpClient, exchange: ScriptedExchange) {
  const request = requestBytes(exchange);
  if (exchange.status === null) {
    return { status: null, bytes: 0, failure: await client.send(request) };
  }
  const { response, failure } = await client.exchange(request, exchange.method);
  return { status: response?.status ?? null, bytes: response?.body.length ?? 0, failure };
}

function requestBytes(exchange: ScriptedExchange): Uint8Array {
  if (exchange.rawRequest !== undefined) {
    return new Uint8Array(Buffer.from(exchange.rawRequest, "base64"));
  }
  const type =
    exchange.requestBytes === 0 ? [] : [["Content-Type", "application/octet-stream"] as const];
  return formatRequest({
    method: exchange.method,
    uri: exchange.uri,
    headers: [...(exchange.host === "" ? [] : [["Host", exchange.host] as const]), ...type],
    body: fillerText(exchange.requestBytes),
  });
}
