import { LabUnavailableError } from "../base/errors.ts";
import type { ProgramHost } from "../host/host.ts";
import { runBot } from "../zeus/bot.ts";
import { runCnc } from "../zeus/cnc.ts";
import type { BotProgram, CncProgram } from "../zeus/program.ts";
import { runBeacon } from "./beacon.ts";
import { runBrowser } from "./browser.ts";
import { runCanary } from "./canary.ts";
import { runCompanion, runCompanionServer } from "./companion.ts";
import { type ProbeProgram, runProbe } from "./probe.ts";
import { runReplayServer } from "./replay-server.ts";
import { runScriptedClient } from "./scripted-client.ts";
import { runScriptedServer } from "./scripted-server.ts";
import type {
  BeaconProgram,
  BrowserProgram,
  CanaryProgram,
  CompanionProgram,
  CompanionServerProgram,
  ProxyProgram,
  ReplayServerProgram,
  ScriptedClientProgram,
  ScriptedServerProgram,
  WebSiteProgram,
} from "./spec.ts";
import { runWebSite } from "./web-site.ts";

/** Everything that can run on a host of a lab, as plain JSON. */
export type Program =
  | BotProgram
  | CncProgram
  | WebSiteProgram
  | BrowserProgram
  | BeaconProgram
  | CanaryProgram
  | CompanionProgram
  | CompanionServerProgram
  | ProbeProgram
  | ScriptedClientProgram
  | ScriptedServerProgram
  | ReplayServerProgram
  | ProxyProgram;

/**
 * Run a program on a host until it ends by itself or its host's network is closed (SocketError `ECLOSED`).
 * Faults of the network never make it reject; only errors of the program itself do.
 */
export function runProgram(program: Program, host: ProgramHost): Promise<void> {
  switch (program.kind) {
    case "bot":
      return runBot(program, host);
    case "cnc":
      return runCnc(program, host);
    case "web-site":
      return runWebSite(program, host);
    case "browser":
      return runBrowser(program, host);
    case "beacon":
      return runBeacon(program, host);
    case "canary":
      return runCanary(program, host);
    case "companion":
      return runCompanion(program, host);
    case "companion-server":
      return runCompanionServer(program, host);
    case "probe":
      return runProbe(program, host);
    case "scripted-client":
      return runScriptedClient(program, host);
    case "scripted-server":
      return runScriptedServer(program, host);
    case "replay-server":
      return runReplayServer(program, host);
    case "proxy":
      return runProxy(program, host);
  }
}

async function runProxy(program: ProxyProgram, host: ProgramHost): Promise<void> {
  if (host.runProxy === undefined)
    throw new LabUnavailableError("a proxy needs real sockets, and this host has none", {
      where: host.name,
    });
  await host.runProxy(program);
}
