import type { Anomaly } from "./anomaly.ts";

/** A request on its way to becoming a transaction, and what is known of the response to it. */
export class Exchange {
  /** The direction of the connection that sent the request. */
  readonly client: 0 | 1;
  /** Stands for a request that was lost in a gap: its response is nobody's. */
  readonly isLost: boolean;
  method = "";
  host = "";
  uri = "";
  version = 11;
  requestStartNs = 0n;
  requestEndNs = 0n;
  requestBytes = 0;
  requestDone = false;
  requestWhole = true;
  status: number | null = null;
  contentType = "";
  responseEndNs: bigint | null = null;
  responseBytes = 0;
  /** A response (other than interim ones) has begun, or is known to be lost. */
  responseBegun = false;
  responseDone = false;
  responseWhole = true;
  order = -1;
  anomalies: Anomaly[] | null = null;
  rawRequest: Uint8Array | null = null;
  rawResponse: Uint8Array | null = null;

  constructor(client: 0 | 1, isLost: boolean) {
    this.client = client;
    this.isLost = isLost;
    if (isLost) this.requestDone = true;
  }

  note(name: Anomaly): void {
    this.anomalies ??= [];
    if (!this.anomalies.includes(name)) this.anomalies.push(name);
  }
}
