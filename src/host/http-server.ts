import { PROGRAM_LIMITS } from "../base/limits.ts";
import { type Listener, type Socket, SocketError } from "../base/net.ts";
import { formatResponse, type ResponseToSend } from "../http/format.ts";
import type { RequestMessage } from "../http/message.ts";
import { RequestReader } from "../http/reader.ts";
import type { ProgramHost } from "./host.ts";

/** What goes out: a response, bytes as they are, or nothing; and whether the connection ends after it. */
export type Reply =
  | { readonly response: Omit<ResponseToSend, "method"> }
  | { readonly raw: Uint8Array; readonly close: boolean }
  | { readonly silence: true; readonly close: boolean };

export type Handler = (request: RequestMessage) => Reply;

/**
 * Serve HTTP/1.1 on a port until the listener is closed with its host. Broken requests get 400 and are reported as
 * `http.fault`; broken connections are the client's affair and are counted in `http.broken`.
 */
export async function serveHttp(host: ProgramHost, port: number, handler: Handler): Promise<void> {
  const listener = host.network.listen(port);
  // An error of the handler itself must end the program, not vanish in a detached promise.
  const internal = Promise.withResolvers<never>();
  internal.promise.catch(() => listener.close());
  let open = 0;
  for (;;) {
    const socket = await Promise.race([accepted(listener), internal.promise]);
    if (socket === null) return;
    if (open >= PROGRAM_LIMITS.serverConnectionsMax) {
      socket.destroy();
      host.report({ kind: "http.overload", port });
      continue;
    }
    open++;
    converse(host, socket, handler)
      .finally(() => open--)
      .catch(internal.reject);
  }
}

/** The next connection, or `null` once the listener is closed. */
async function accepted(listener: Listener): Promise<Socket | null> {
  try {
    return await listener.accept();
  } catch (error) {
    if (error instanceof SocketError) return null;
    throw error;
  }
}

async function converse(host: ProgramHost, socket: Socket, handler: Handler): Promise<void> {
  try {
    await answerAll(host, socket, handler);
  } catch (error) {
    if (!(error instanceof SocketError)) throw error;
    host.report({ kind: "http.broken", from: socket.remote.address, reason: error.code });
  }
}

async function answerAll(host: ProgramHost, socket: Socket, handler: Handler): Promise<void> {
  const reader = new RequestReader();
  for (;;) {
    const cancel = host.network.timers.after(PROGRAM_LIMITS.serverIdleMs, () => socket.destroy());
    const bytes = await socket.read().finally(cancel);
    for (const request of bytes === null ? reader.end() : reader.push(bytes)) {
      const reply = handler(request);
      const sent = replyBytes(reply, request);
      if (sent !== null) await socket.write(sent);
      if ("close" in reply ? reply.close : !request.keepAlive) {
        socket.end();
        return;
      }
    }
    if (reader.fault !== null) {
      host.report({ kind: "http.fault", from: socket.remote.address, reason: reader.fault });
      await socket.write(formatResponse({ status: 400, headers: [["Connection", "close"]] }));
      socket.end();
      return;
    }
    if (bytes === null) {
      socket.end();
      return;
    }
  }
}

function replyBytes(reply: Reply, request: RequestMessage): Uint8Array | null {
  if ("raw" in reply) return reply.raw;
  if ("silence" in reply) return null;
  const { headers = [] } = reply.response;
  return formatResponse({
    ...reply.response,
    method: request.method,
    headers: [...headers, ["Connection", request.keepAlive ? "keep-alive" : "close"]],
  });
}
