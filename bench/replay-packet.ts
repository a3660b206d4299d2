import { LabTimers } from "../lab/host/lab-time.ts";
import { OpenFlowPort } from "../lab/openflow/openflow-port.ts";
import { Random } from "../src/base/random.ts";
import { PacketReplayer } from "../src/replay/packet-replayer.ts";
import { recordTape } from "./replay/tape.ts";

/**
 * The packet-level replayer in a process of its own, at a bridge's CONTROLLER port; `npm run bench:replay` starts it.
 * `node bench/replay-packet.ts MANAGEMENT_SOCKET SESSIONS`.
 */
const [path = "", sessions = "1000"] = process.argv.slice(2);
const CONNECT_MS_MAX = 10_000;

const tape = recordTape(Number(sessions));
const timers = new LabTimers({ monotonicNs: process.hrtime.bigint(), speed: 1 });
const port = await OpenFlowPort.connect({ path, timers, connectMsMax: CONNECT_MS_MAX });
new PacketReplayer(port, tape, { miss: "close", random: Random.from(1) });
