import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { OpenFlowPort } from "../../lab/openflow/openflow-port.ts";
import { PACKETS_SCRIPT, PYTHON, sendRecord } from "../../lab/packets/packet-socket.ts";
import { recordedLabs } from "../../lab/state/journal.ts";
import { hasOwner } from "../../lab/state/leftovers.ts";
import { NS_PER_MS } from "../../src/base/clock.ts";
import { startCommand } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import { incidents } from "../../src/report/incidents.ts";
import type { RunningLab } from "../../src/run/lab.ts";
import { hostOf, type Plan } from "../../src/run/plan.ts";
import { readMac } from "../../src/wire/mac.ts";
import { emitTcpFrame } from "../../src/wire/packet.ts";
import { TCP_FLAG } from "../../src/wire/tcp.ts";
import { PROGRAM, scratch } from "../cli.fixture.ts";
import { hasMininet } from "../labs.fixture.ts";
import {
  agentOf,
  type Fault,
  type FaultyRun,
  GUEST,
  killSwitch,
  playFault,
  SHORT_SCENARIO,
  SUSPECT,
} from "./faults.fixture.ts";

// Faults on the real switch: whatever breaks, nothing gets out, and the run says what happened.
const DEADLINE_MS = 120_000;
/** By how much the clock of a capture and ours may differ. */
const MARGIN_MS = 20;
/** Later than any frame. */
const NEVER = 1n << 62n;

/** Nothing got out, and a leak would have been seen. */
function contained(t: ExecutionContext, { assertions, round }: FaultyRun): void {
  const containment = assertions.get("containment");
  t.is(containment?.verdict, "pass", containment?.evidence);
  t.is(round.containment?.outletFrames, 0);
  t.is(round.containment?.lateralFrames, 0);
  t.is(round.containment?.canary.after, 0);
}

/** Where in an isolation a fault strikes. */
type Moment = "cut" | "move" | "isolation";

/** Do something when a suspect's isolation gets to a moment. */
function at(moment: Moment, lab: RunningLab, strike: () => Promise<void>): Partial<RunningLab> {
  return {
    setRules: async (bridge, rules, flush = []) => {
      const isHere = flush.length > 0 && moment === (bridge === "private" ? "cut" : "isolation");
      if (isHere) await strike();
      await lab.setRules(bridge, rules, flush);
    },
    move: async (request) => {
      if (moment === "move") await strike();
      return lab.move(request);
    },
  };
}

for (const [moment, when] of [
  ["cut", "when an instance is to be cut off"],
  ["move", "while its volume is moved"],
  ["isolation", "when the isolation's rules are to come into force"],
] as const) {
  test.serial(
    `a switch that is killed ${when} lets nothing out, and is started again`,
    async (t) => {
      t.timeout(DEADLINE_MS);
      if (!hasMininet(t)) return;
      const run = await playFault((lab, plan) => at(moment, lab, async () => killSwitch(plan)));
      contained(t, run);
      t.is(run.counts.switchRestarts, 1);
      t.regex(incidents(run).join(), /the switch died 1 time/);
      t.is(run.assertions.get("manifestation")?.verdict, "pass");
    },
  );
}

test.serial("without its replayer a guest gets no answer, and nothing gets out", async (t) => {
  t.timeout(DEADLINE_MS);
  if (!hasMininet(t)) return;
  const FRAMES = 20;
  let answered = 0;
  const run = await playFault((lab) => ({
    controller: (bridge) => {
      const port = lab.controller(bridge);
      let frames = 0;
      return {
        timers: port.timers,
        send: (frame) => port.send(frame),
        onFrame: (handler) =>
          port.onFrame((frame) => {
            handler(frame);
            frames++;
            if (frames !== FRAMES || !(port instanceof OpenFlowPort)) return;
            answered = port.counts.out;
            port.close();
          }),
      };
    },
  }));
  contained(t, run);
  t.is(run.counts.replayerGone, 1);
  t.regex(incidents(run).join(), /its guests got no answer/);
  t.is(run.counts.packetsToReplayer, FRAMES);
  t.is(run.counts.packetsFromReplayer, answered);
  t.is(run.assertions.get("manifestation")?.verdict, "fail");
});

test.serial("a replayer that breaks ends the run, and nothing gets out", async (t) => {
  t.timeout(DEADLINE_MS);
  if (!hasMininet(t)) return;
  const out = { broken: false, frames: 0 };
  const fault: Fault = (lab) => ({
    controller: (bridge) => {
      const port = lab.controller(bridge);
      let frames = 0;
      return {
        timers: port.timers,
        send: (frame) => port.send(frame),
        onFrame: (handler) =>
          port.onFrame((frame) => {
            frames++;
            out.broken = frames >= 20;
            if (out.broken) throw new RangeError("broken on purpose");
            handler(frame);
          }),
      };
    },
  });
  const run = playFault(fault, {
    frame: (tap, _frame, towards) => {
      if (out.broken && tap === "outlet" && towards === "device") out.frames++;
    },
  });
  await t.throwsAsync(run, { message: "broken on purpose" });
  t.deepEqual(out, { broken: true, frames: 0 });
});

const SYNS = 100_000;
const MEGABYTE = 2 ** 20;
/** For the flood, its capture and its analysis together; a connection that is kept for each SYN takes several times as much. */
const MEGABYTES_MAX = 300;

/** SYNs to the recorded server, from the guest's port, as fast as they go. */
async function flood(plan: Plan): Promise<void> {
  const { pid, config } = agentOf(plan, GUEST);
  const random = Random.from("flood");
  const sender = await startCommand("nsenter", [
    ...["--target", String(pid), "--net", PYTHON, PACKETS_SCRIPT, "--send-only"],
    config.interface,
  ]);
  for (let i = 0; i < SYNS; i++) {
    const frame = emitTcpFrame({
      destinationMac: plan.replayer.gatewayMac,
      sourceMac: config.mac,
      source: config.address,
      destination: hostOf(plan, "cnc").address,
      tcp: {
        sourcePort: random.int(1024, 65_535),
        destinationPort: 80,
        sequence: random.int(0, 0xffff_ffff),
        acknowledgement: 0,
        flags: TCP_FLAG.syn,
        window: 64_240,
      },
      payload: new Uint8Array(0),
    });
    if (sender.stdin.write(sendRecord(0, frame))) continue;
    const drained = new Promise((resolve) => sender.stdin.once("drain", resolve));
    const status = await Promise.race([drained.then(() => "drained"), sender.ended]);
    if (status !== "drained") throw new Error(`the sender ended: ${sender.complaint()}`);
  }
  sender.stdin.end();
  await sender.ended;
}

test.serial(
  "a guest that floods its replayer gets nothing out, and costs bounded memory",
  async (t) => {
    t.timeout(DEADLINE_MS);
    if (!hasMininet(t)) return;
    const memory = () => process.memoryUsage().rss / MEGABYTE;
    let before = 0;
    let peak = 0;
    const fault: Fault = (lab, plan) => ({
      start: async (host, program) => {
        if (host !== GUEST || program.kind !== "bot") return lab.start(host, program);
        before = memory();
        const look = setInterval(() => {
          peak = Math.max(peak, memory());
        }, 20);
        const flooded = flood(plan);
        const [end] = await Promise.all([lab.start(host, program), flooded]);
        clearInterval(look);
        return end;
      },
    });
    const run = await playFault(fault);
    const containment = run.assertions.get("containment");
    t.log(containment?.evidence, run.counts, Math.round(peak - before));
    t.is(run.round.containment?.outletFrames, 0);
    t.is(run.round.containment?.lateralFrames, 0);
    t.is(run.round.containment?.canary.after, 0);
    t.true((run.counts.framesTapped ?? 0) > SYNS);
    t.true(peak - before < MEGABYTES_MAX, `${Math.round(peak - before)} MB more than before`);
  },
);

test.serial(
  "rules that the switch refuses cut the instance off all the same, and end the run",
  async (t) => {
    t.timeout(DEADLINE_MS);
    if (!hasMininet(t)) return;
    let refused = false;
    let goneNs = NEVER;
    let framesAfter = 0;
    let mac = "";
    const fault: Fault = (lab, plan) => ({
      setRules: async (bridge, rules, flush = []) => {
        mac = hostOf(plan, SUSPECT).mac;
        if (bridge !== "private" || flush.length === 0) return lab.setRules(bridge, rules, flush);
        // Nor is there the short way of the drops that come first.
        const port = lab.controller("private");
        if (port instanceof OpenFlowPort) port.close();
        const before = await lab.rules("private");
        // There is no such group: the last message of the bundle is refused.
        const refusal = lab.setRules(
          bridge,
          `${rules}table=1,priority=70,actions=group:77\n`,
          flush,
        );
        await t.throwsAsync(refusal);
        refused = true;
        // A capture shows a frame a little after it passed, by its own clock.
        goneNs = lab.timers.nowNs() + BigInt(MARGIN_MS * lab.pace.speed) * NS_PER_MS;
        t.deepEqual(withoutCounters(await lab.rules("private")), withoutCounters(before));
        // The bot and its beacon go on, if they can.
        await wait(500);
        return refusal;
      },
    });
    const error = await t.throwsAsync(
      playFault(fault, {
        frame: (tap, frame, towards) => {
          if (
            frame.timeNs > goneNs &&
            tap === "uplink" &&
            towards === "device" &&
            readMac(frame.bytes, 6) === mac
          )
            framesAfter++;
        },
      }),
      { instanceOf: LabUnavailableError },
    );
    t.regex(
      error?.message ?? "",
      /rules could not be put in force, so its cables were pulled: .*BAD_OUT_GROUP/s,
    );
    t.true(refused);
    t.is(framesAfter, 0);
  },
);

function withoutCounters(rules: string): string[] {
  return rules
    .split("\n")
    .map((line) => line.replace(/duration=[^,]*, |n_packets=\d+, |n_bytes=\d+, /g, ""))
    .sort();
}

/** Runs "$@" with a disk of 256 KB mounted at $DISK, and tells in the last line what is left on it. */
const ON_SMALL_DISK =
  'mount -t tmpfs -o size=256k none "$DISK" && { "$@"; status=$?; echo "left: $(ls -A "$DISK" | wc -l)"; exit $status; }';

test.serial(
  "a disk that is full while captures are written ends the run, and nothing half-written stays",
  async (t) => {
    t.timeout(DEADLINE_MS);
    if (!hasMininet(t)) return;
    const folder = await scratch();
    const disk = join(folder, "disk");
    await mkdir(disk);
    const scenario = join(folder, "fault.yaml");
    await writeFile(scenario, SHORT_SCENARIO);
    // The disk is seen by this process and its children only.
    const run = await startCommand(
      "unshare",
      [
        ...["--mount", "sh", "-c", ON_SMALL_DISK, "sh", process.execPath, PROGRAM, "run", scenario],
        ...["--lab", "mininet", "--speed", "200", "--out", disk],
      ],
      { env: { PATH: process.env.PATH ?? "", DISK: disk } },
    );
    let said = "";
    for await (const bytes of run.stdout) said += String(bytes);
    t.is(await run.ended, 65);
    t.is(said, "left: 0\n");
    t.regex(
      run.complaint(),
      /(^|\| )isoreplay: \S+: no space is left for it \(make room there, or use --out DIR\)$/,
    );
    t.deepEqual(
      recordedLabs().filter((lab) => !hasOwner(lab)),
      [],
    );
  },
);
