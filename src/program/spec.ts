import type { Distribution } from "../base/distribution.ts";
import type { Endpoint } from "../base/net.ts";
import type { ProxySpec } from "../host/host.ts";

/** Kinds of benign sites and of those who visit them. */
export type SiteKind = "static-site" | "php-site" | "api-poller" | "download";

/** A benign server. */
export interface WebSiteProgram {
  readonly kind: "web-site";
  readonly site: SiteKind;
  readonly port: number;
  readonly pageBytes: Distribution;
}

/** A benign client that visits one site again and again. */
export interface BrowserProgram {
  readonly kind: "browser";
  readonly site: SiteKind;
  readonly server: Endpoint;
  readonly host: string;
  readonly sessions: number;
  readonly sessionGapS: number;
  /** Pages in one session. */
  readonly requests: Distribution;
  readonly thinkTimeS: Distribution;
}

/**
 * The positive control: keeps one TCP connection to the canary open and writes to it each interval, sends a UDP
 * datagram each interval, reconnects for ever. It ends only with its host.
 */
export interface BeaconProgram {
  readonly kind: "beacon";
  readonly tcp: Endpoint;
  readonly udp: Endpoint;
  readonly intervalMs: number;
}

/** Holds a TCP, a UDP and a DNS conversation with one server until its host is gone. */
export interface CompanionProgram {
  readonly kind: "companion";
  readonly server: {
    readonly address: string;
    readonly tcpPort: number;
    readonly udpPort: number;
  };
  readonly intervalMs: number;
}

/** Answers what companions ask, on these ports and on DNS's. */
export interface CompanionServerProgram {
  readonly kind: "companion-server";
  readonly tcpPort: number;
  readonly udpPort: number;
}

/** Reports whatever arrives as `canary.arrival`. */
export interface CanaryProgram {
  readonly kind: "canary";
  readonly tcpPort: number;
  readonly udpPort: number;
}

/** One request of a recorded conversation and the answer to it. */
export interface ScriptedExchange {
  /** Index into `ScriptedClientProgram.connections`. */
  readonly connection: number;
  /** From the start of the exchange before (the first: from the program's start) to the start of this one. */
  readonly gapMs: number;
  readonly method: string;
  readonly uri: string;
  /** Host header; "" for a request without one. */
  readonly host: string;
  /** Body lengths in bytes; filler of that length is sent. */
  readonly requestBytes: number;
  /** `null`: there was no answer. */
  readonly status: number | null;
  readonly responseBytes: number;
  readonly contentType: string;
  /** The whole messages as they were on the wire (head and body), base64; sent instead of filler. */
  readonly rawRequest?: string;
  readonly rawResponse?: string;
}

/** Sends the recorded requests again: same order, same gaps, same connections. */
export interface ScriptedClientProgram {
  readonly kind: "scripted-client";
  readonly connections: readonly Endpoint[];
  readonly exchanges: readonly ScriptedExchange[];
}

/** Answers as recorded; give it only the exchanges of its own address and port. */
export interface ScriptedServerProgram {
  readonly kind: "scripted-server";
  readonly port: number;
  readonly exchanges: readonly ScriptedExchange[];
}

/** Gives one guest the recorded answers of its servers, each through a port of its own. */
export interface ReplayServerProgram {
  readonly kind: "replay-server";
  /** The guest's name, for the reports. */
  readonly guest: string;
  /** As whom it answers, and through which of its ports. */
  readonly servers: readonly (Endpoint & { readonly playedAt: number })[];
  /** The recorded conversation: a tape's JSON text. */
  readonly tape: string;
  readonly miss: "close" | "empty-200";
}

/** A redirecting proxy in the place of a recorded server. */
export interface ProxyProgram extends ProxySpec {
  readonly kind: "proxy";
}
