import type { Headers } from "./headers.ts";
import { headerValue } from "./headers.ts";

export interface RequestToSend {
  readonly method: string;
  readonly uri: string;
  readonly headers?: Headers;
  readonly body?: Uint8Array;
  /** "1.1" unless given. */
  readonly version?: "1.0" | "1.1";
}

export interface ResponseToSend {
  readonly status: number;
  /** The standard phrase unless given. */
  readonly reason?: string;
  readonly headers?: Headers;
  readonly body?: Uint8Array;
  readonly version?: "1.0" | "1.1";
  /** The method that is answered: no body goes out for HEAD, though its length is told. */
  readonly method?: string;
}

/** The phrases of the status codes that the project sends; they mean nothing to a reader (RFC 9112 §4). */
const REASONS: Readonly<Record<number, string>> = {
  100: "Continue",
  101: "Switching Protocols",
  200: "OK",
  204: "No Content",
  206: "Partial Content",
  301: "Moved Permanently",
  302: "Found",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Content Too Large",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

/**
 * A request as bytes. With a body, Content-Length is added unless a field frames it already; a body under
 * `Transfer-Encoding: chunked` goes out as one chunk.
 */
export function formatRequest(request: RequestToSend): Uint8Array {
  const { method, uri, headers = [], body = new Uint8Array(0), version = "1.1" } = request;
  const line = `${method} ${uri} HTTP/${version}\r\n`;
  const isFramed = body.length === 0 && !["POST", "PUT", "PATCH"].includes(method);
  return join(line, headers, body, isFramed, true);
}

/** A response as bytes. Content-Length is added unless the status has no body (RFC 9110 §8.6) or a field frames it already. */
export function formatResponse(response: ResponseToSend): Uint8Array {
  const {
    status,
    headers = [],
    body = new Uint8Array(0),
    version = "1.1",
    method = "GET",
  } = response;
  const reason = response.reason ?? REASONS[status] ?? "";
  const isBodyless = status < 200 || status === 204 || status === 304;
  const sendsBody = !isBodyless && method !== "HEAD";
  return join(`HTTP/${version} ${status} ${reason}\r\n`, headers, body, isBodyless, sendsBody);
}

function join(
  line: string,
  headers: Headers,
  body: Uint8Array,
  isFramed: boolean,
  sendsBody: boolean,
): Uint8Array {
  let head = line;
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  const isChunked = /\bchunked\s*$/i.test(headerValue(headers, "transfer-encoding") ?? "");
  const hasLength = headerValue(headers, "content-length") !== undefined;
  if (!(isFramed || isChunked || hasLength)) head += `Content-Length: ${body.length}\r\n`;
  head += "\r\n";
  const parts = [Buffer.from(head, "latin1")];
  if (sendsBody && isChunked) {
    if (body.length > 0) {
      parts.push(Buffer.from(`${body.length.toString(16)}\r\n`, "latin1"), Buffer.from(body));
      parts.push(Buffer.from("\r\n", "latin1"));
    }
    parts.push(Buffer.from("0\r\n\r\n", "latin1"));
  } else if (sendsBody) parts.push(Buffer.from(body));
  const joined = Buffer.concat(parts);
  // A plain Uint8Array of its own memory: what is handed out must not be a view into Node's shared pool.
  return new Uint8Array(joined);
}
