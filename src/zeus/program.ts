import type { Distribution } from "../base/distribution.ts";
import type { Endpoint } from "../base/net.ts";
import type { ZeusBehaviour } from "./behaviour.ts";

/** What bot and C&C have to agree on. */
export interface ZeusProtocol {
  /** The Host header. */
  readonly host: string;
  readonly gatePath: string;
  readonly configPath: string;
  /** The RC4 key, as text. */
  readonly key: string;
}

/** The emulated bot. What it does is decided by the guest's volume and the C&C's answers alone. */
export interface BotProgram {
  readonly kind: "bot";
  readonly protocol: ZeusProtocol;
  readonly cnc: Endpoint;
  readonly connection: "per-request" | "keep-alive";
  /** Sessions to hold, one after the other, unless the guest is powered off before. */
  readonly sessions: number;
  readonly sessionGapS: number;
  readonly pollIntervalS: Distribution;
  /**
   * After a shutdown the guest is switched on again and the bot starts anew with the next session, as on a training
   * instance that is used again and again. Otherwise the guest stays off.
   */
  readonly reboots?: boolean;
}

/** The emulated C&C: it decides how long each session goes and which command is given in it. */
export interface CncProgram {
  readonly kind: "cnc";
  readonly protocol: ZeusProtocol;
  readonly port: number;
  readonly configBytes: Distribution;
  readonly behaviours: Readonly<Record<string, ZeusBehaviour>>;
  /** The behaviour's name by bot identifier; a bot that is not here gets 404. */
  readonly bots: Readonly<Record<string, string>>;
}
