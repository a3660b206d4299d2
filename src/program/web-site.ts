import { drawWhole } from "../base/distribution.ts";
import type { ProgramHost } from "../host/host.ts";
import { type Reply, serveHttp } from "../host/http-server.ts";
import type { RequestMessage } from "../http/message.ts";
import { fillerPage, fillerText } from "./filler.ts";
import type { WebSiteProgram } from "./spec.ts";

/** A style sheet or picture that belongs to a page is this part of a page's length. */
const EXTRA_PART = 0.25;

/**
 * A benign web site. The length of what stands at a path is drawn from the seed and the path alone, so that the same page
 * has the same length each time. Query strings do not matter: a *.php page answers every query alike but for its length.
 */
export async function runWebSite(program: WebSiteProgram, host: ProgramHost): Promise<void> {
  await serveHttp(host, program.port, (request) => {
    const reply = page(program, host, request);
    host.report({
      kind: "site.request",
      method: request.method,
      uri: request.uri.slice(0, 200),
      status: "response" in reply ? reply.response.status : null,
    });
    return reply;
  });
}

function page(program: WebSiteProgram, host: ProgramHost, request: RequestMessage): Reply {
  const { uri } = request;
  const length = drawWhole(host.random.fork(`page ${uri}`), program.pageBytes);
  const path = uri.split("?", 1)[0] ?? "";
  if (path.endsWith(".php")) {
    return program.site === "api-poller"
      ? found("application/json", fillerText(length))
      : found("text/html", fillerPage(path.slice(1), length));
  }
  if (path.endsWith(".html")) return found("text/html", fillerPage(path.slice(1), length));
  if (path.endsWith(".zip")) return found("application/zip", fillerText(length));
  if (path.endsWith(".css")) return found("text/css", fillerText(Math.ceil(length * EXTRA_PART)));
  if (path.endsWith(".png")) return found("image/png", fillerText(Math.ceil(length * EXTRA_PART)));
  return { response: { status: 404, headers: [["Content-Type", "text/html"]] } };
}

function found(contentType: string, body: Uint8Array): Reply {
  return { response: { status: 200, headers: [["Content-Type", contentType]], body } };
}
