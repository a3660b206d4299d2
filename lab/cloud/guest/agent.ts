import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { existsSync, readFileSync, writeSync } from "node:fs";
import { Random } from "../../../src/base/random.ts";
import { createGuest, type Guest, type Volume } from "../../../src/host/guest.ts";
import type { ProgramHost } from "../../../src/host/host.ts";
import { runBeacon } from "../../../src/program/beacon.ts";
import { runCompanion } from "../../../src/program/companion.ts";
import { runProbe } from "../../../src/program/probe.ts";
import type { Program } from "../../../src/program/program.ts";
import { runBot } from "../../../src/zeus/bot.ts";
import { LabTimers } from "../../host/lab-time.ts";
import { neighbourMac } from "../../host/neighbour.ts";
import { RealNetwork } from "../../host/network.ts";
import { readVolume, volumeFile, writeVolume } from "../../host/volume-file.ts";
import { FrameFile } from "./frames.ts";
import { type GuestReport, type GuestStart, REPORT_MARK, readUserData } from "./protocol.ts";

/**
 * The agent of a cloud's guest: the programs that its server's data name, run by the same code as everywhere else. It acts on nothing
 * but the virtual guest on its disk. What happens goes out through the serial port, numbered, so that a line which is
 * lost is missed. Started by the guest's first process with the data's file and the disk's mount.
 */
const [, , dataFile = "", mount = ""] = process.argv;
const config = readUserData(readFileSync(dataFile, "utf8"));
const monotonicNs = process.hrtime.bigint();
const timers = new LabTimers({ monotonicNs, speed: config.speed });
const realTimers = new LabTimers({ monotonicNs, speed: 1 });
const network = new RealNetwork(config.address, realTimers);
const random = Random.from(config.seed);
const frames = new FrameFile();
const POLL_MS = 200;
/** The discard protocol: what arrives there is thrown away. */
const DISCARD_PORT = 9;
let count = 0;

function tell(report: GuestReport): void {
  writeSync(1, `${REPORT_MARK} ${++count} ${JSON.stringify(report)}\n`);
}

function tellState(): void {
  const hash = createHash("sha256")
    .update(readFileSync(volumeFile(mount)))
    .digest("hex");
  tell({ op: "state", hash });
}

function save(content: Volume): void {
  writeVolume(mount, content);
  tellState();
}

function end(report: GuestReport): void {
  tell(report);
  process.exit(0);
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

/** Until then nobody could be reached anyhow, and in isolation nobody answers yet. */
async function gatewayAnswers(): Promise<void> {
  const socket = createSocket("udp4");
  socket.on("error", () => {});
  while (gatewayMac() === null) {
    socket.send("", DISCARD_PORT, config.gateway, () => {});
    await realTimers.sleep(POLL_MS);
  }
  socket.close();
}

function run(program: Program, host: ProgramHost): Promise<void> {
  switch (program.kind) {
    case "bot":
      return runBot(program, host);
    case "beacon":
      return runBeacon(program, host);
    case "companion":
      return runCompanion(program, host);
    case "probe":
      return runProbe(program, host);
    default:
      // The rest is for servers, which are no guests; to load it would take seconds.
      return Promise.reject(new Error(`a guest of a cloud runs no ${program.kind}`));
  }
}

function start({ id, label, program }: GuestStart, guest: Guest | null): void {
  const host: ProgramHost = {
    name: config.name,
    network,
    timers,
    random: random.fork(label),
    guest,
    mac: config.mac,
    gatewayMac,
    sendFrame: (bytes) => frames.send(bytes),
    report: (event) => tell({ op: "event", timeNs: String(timers.nowNs()), event }),
  };
  run(program, host).then(
    () => tell({ op: "ended", id }),
    (error: unknown) =>
      end({
        op: "crash",
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
  );
  tell({ op: "started", id });
}

if (config.volume !== null && !existsSync(volumeFile(mount))) writeVolume(mount, config.volume);
const volume = existsSync(volumeFile(mount)) ? readVolume(mount) : null;
if (volume !== null) tellState();
tell({ op: "up" });
await gatewayAnswers();
const guest = volume === null ? null : boot(volume);
for (const one of config.starts) start(one, guest);
