import type { Endpoint } from "../base/net.ts";
import { RecordWriter } from "./record-writer.ts";
import type { Transaction } from "./transaction.ts";

/** The transaction record (DESIGN §6). The order of the keys is part of the format. */
export interface TransactionRecord {
  readonly capture: string;
  /** `address:port`; an IPv6 address stands without brackets, as tshark and most logs print it. */
  readonly client: string;
  readonly server: string;
  /** Seconds from the capture's first packet to the first byte of the request. */
  readonly time: number;
  readonly method: string;
  readonly host: string;
  readonly uri: string;
  /** `null`: no response in the capture, or one without a status line: the answer of HTTP/0.9, which may well be complete. */
  readonly status: number | null;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly contentType: string;
  readonly complete: boolean;
}

/**
 * The record of a transaction.
 *
 * @param capture name of the capture, as the reader knows it
 * @param firstNs time of the capture's first packet
 */
export function toRecord(
  transaction: Transaction,
  capture: string,
  firstNs: bigint,
): TransactionRecord {
  return {
    capture,
    client: endpointText(transaction.client),
    server: endpointText(transaction.server),
    time: Number(transaction.requestStartNs - firstNs) / 1e9,
    method: transaction.method,
    host: transaction.host,
    uri: transaction.uri,
    status: transaction.status,
    requestBytes: transaction.requestBytes,
    responseBytes: transaction.responseBytes,
    contentType: transaction.contentType,
    complete: transaction.complete,
  };
}

/** The record as one line of JSON, without the line end. For many of them keep a RecordWriter. */
export function formatRecord(transaction: Transaction, capture: string, firstNs: bigint): string {
  const writer = new RecordWriter(capture);
  writer.write(transaction, firstNs);
  return writer.bytes.toString("utf8", 0, writer.length - 1);
}

function endpointText(endpoint: Endpoint): string {
  return `${endpoint.address}:${endpoint.port}`;
}
