import type { ProgramHost } from "../host/host.ts";
import { type Reply, serveHttp } from "../host/http-server.ts";
import { formatResponse } from "../http/format.ts";
import { headerValue } from "../http/headers.ts";
import type { RequestMessage } from "../http/message.ts";
import { fillerText } from "./filler.ts";
import { lastUses } from "./scripted-client.ts";
import type { ScriptedExchange, ScriptedServerProgram } from "./spec.ts";

interface Entry {
  readonly exchange: ScriptedExchange;
  /** It was the last one on its recorded connection: the server closes after it. */
  readonly closes: boolean;
}

/**
 * Answers as recorded: a request gets the answers to the same method, target and host in their recorded order, and the last
 * of them again when they are used up. A request that was never recorded gets 404 and is reported as `scripted.unmatched`.
 */
export async function runScriptedServer(
  program: ScriptedServerProgram,
  host: ProgramHost,
): Promise<void> {
  const entries = new Map<string, Entry[]>();
  const last = lastUses(program.exchanges);
  for (const [index, exchange] of program.exchanges.entries()) {
    const key = keyOf(exchange.method, exchange.uri, exchange.host);
    const entry = { exchange, closes: last.get(exchange.connection) === index };
    entries.set(key, [...(entries.get(key) ?? []), entry]);
  }
  await serveHttp(host, program.port, (request) => {
    const key = keyOf(request.method, request.uri, headerValue(request.headers, "host") ?? "");
    const queue = entries.get(key);
    const entry = queue !== undefined && queue.length > 1 ? queue.shift() : queue?.[0];
    if (entry !== undefined) return replyOf(entry, request);
    host.report({
      kind: "scripted.unmatched",
      method: request.method,
      uri: request.uri.slice(0, 200),
    });
    return { response: { status: 404 } };
  });
}

function keyOf(method: string, uri: string, host: string): string {
  return `${method} ${uri} ${host}`;
}

function replyOf({ exchange, closes }: Entry, request: RequestMessage): Reply {
  const close = closes || !request.keepAlive;
  if (exchange.status === null) return { silence: true, close };
  if (exchange.rawResponse !== undefined) {
    return { raw: new Uint8Array(Buffer.from(exchange.rawResponse, "base64")), close };
  }
  const raw = formatResponse({
    status: exchange.status,
    method: request.method,
    headers: [
      ...(exchange.contentType === "" ? [] : [["Content-Type", exchange.contentType] as const]),
      ...(close ? [["Connection", "close"] as const] : []),
    ],
    body: fillerText(exchange.responseBytes),
  });
  return { raw, close };
}
