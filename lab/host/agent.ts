import { flushCompileCache } from "node:module";
import { createInterface } from "node:readline";
import { Random } from "../../src/base/random.ts";
import { createGuest, type Guest, type Volume } from "../../src/host/guest.ts";
import type { ProgramEvent, ProgramHost } from "../../src/host/host.ts";
import { runProgram } from "../../src/program/program.ts";
import { PacketSocket } from "../packets/packet-socket.ts";
import { LabTimers } from "./lab-time.ts";
import { keepPulse, LatenessMeter } from "./lateness.ts";
import { neighbourMac } from "./neighbour.ts";
import { RealNetwork } from "./network.ts";
import type { AgentCommand, AgentConfig, AgentReport } from "./protocol.ts";
import { readVolume, writeVolume } from "./volume-file.ts";

/**
 * One host of a real lab: a process in the host's network namespace that runs the same programs as the simulator, over
 * the kernel's sockets. It acts on nothing but the virtual guest on its volume. Commands come in as lines of JSON, what
 * happens goes out as lines of JSON; when its input ends, it ends.
 */
const config = JSON.parse(process.argv[2] ?? "") as AgentConfig;
const monotonicNs = BigInt(config.epoch.monotonicNs);
const lateness = new LatenessMeter((delays) => tell({ op: "late", ...delays }));
const timers = new LabTimers({ monotonicNs, speed: config.epoch.speed }, lateness);
const realTimers = new LabTimers({ monotonicNs, speed: 1 }, lateness);
const network = new RealNetwork(config.address, realTimers, lateness);
const random = Random.from(config.seed);
const frames = PacketSocket.lazy(config.interface);
const volume = config.volume === null ? null : readVolume(config.volume);

function tell(report: AgentReport): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

function report(event: ProgramEvent): void {
  tell({ op: "event", timeNs: String(timers.nowNs()), event });
}

function save(content: Volume): void {
  if (config.volume !== null) writeVolume(config.volume, content);
}

/** The last report has to be on its way before the process ends. */
function end(report: AgentReport): void {
  lateness.flush();
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
}

function boot(content: Volume): Guest {
  return createGuest(content, {
    nowNs: () => timers.nowNs(),
    network: () => config.network,
    onEffect: (effect) => {
      save(content);
      tell({ op: "effect", effect: { ...effect, timeNs: String(effect.timeNs) } });
    },
    onPowerOff: () => {
      save(content);
      end({ op: "off" });
    },
  });
}

function gatewayMac(): string | null {
  return neighbourMac(config.gateway);
}

const guest = volume === null ? null : boot(volume);

function start({ id, label, program }: AgentCommand): void {
  const host: ProgramHost = {
    name: config.name,
    network,
    timers,
    random: random.fork(label),
    guest,
    mac: config.mac,
    gatewayMac,
    sendFrame: (bytes) => frames.send(bytes),
    report,
    // What starts programs takes long to load, and one host has a proxy.
    runProxy: async (spec) => {
      const { startProxy } = await import("../proxy/proxy.ts");
      const proxy = await startProxy(spec, { report }, config.address, config.folder);
      await proxy.ended;
    },
  };
  runProgram(program, host).then(
    () => {
      lateness.flush();
      tell({ op: "ended", id });
    },
    (error: unknown) =>
      end({
        op: "crash",
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
  );
  tell({ op: "started", id });
}

createInterface({ input: process.stdin })
  .on("line", (line) => start(JSON.parse(line) as AgentCommand))
  // The power is gone.
  .on("close", () => process.exit(0));
// The first agent of a lab compiles for all that follow.
flushCompileCache();
keepPulse(realTimers);
tell({ op: "up" });
