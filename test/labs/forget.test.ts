import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { LabTimers } from "../../lab/host/lab-time.ts";
import { Capsule } from "../../lab/mininet/capsule.ts";
import { OpenVSwitch } from "../../lab/mininet/ovs.ts";
import { OpenFlowPort } from "../../lab/openflow/openflow-port.ts";
import { emitUdpFrame } from "../../src/wire/packet.ts";
import { hasMininet } from "../labs.fixture.ts";

const CONNECTIONS = 200;
const [CUT, OTHER, SERVER] = ["10.0.0.1", "10.0.0.2", "203.0.113.9"];

/** A datagram that begins a connection of its own. */
function datagram(source: string, sourcePort: number): Uint8Array {
  return emitUdpFrame({
    destinationMac: "02:00:00:00:00:09",
    sourceMac: "02:00:00:00:00:01",
    source,
    destination: SERVER,
    udp: { sourcePort, destinationPort: 53 },
    payload: new Uint8Array(8),
  });
}

test("every connection of an address is forgotten, even twice at once, and nobody else's", async (t) => {
  t.timeout(60_000);
  if (!hasMininet(t)) return;
  const rundir = await mkdtemp(join(tmpdir(), "isoreplay-forget-"));
  t.teardown(() => rm(rundir, { recursive: true, force: true }));
  await using capsule = await Capsule.start("forget-test");
  const ovs = await OpenVSwitch.start(capsule, rundir);
  await capsule.build({ rundir, datapath: "user", bridges: ["private"], hosts: [] });
  await ovs.replaceFlows("private", "ip,in_port=CONTROLLER,actions=ct(commit,zone=1)");
  const port = await OpenFlowPort.connect({
    path: ovs.socket("private"),
    timers: new LabTimers({ monotonicNs: 0n, speed: 1 }),
    connectMsMax: 10_000,
  });
  for (let i = 0; i < CONNECTIONS; i++) port.send(datagram(CUT, 10_000 + i));
  for (let i = 0; i < 5; i++) port.send(datagram(OTHER, 10_000 + i));
  await port.barrier();
  port.close();
  const known = async (address: string) =>
    (await ovs.control("dpctl/dump-conntrack")).split(`orig=(src=${address},`).length - 1;
  t.is(await known(CUT), CONNECTIONS);
  // Each finds connections that the other has forgotten just before.
  await Promise.all([ovs.flushConntrack(CUT), ovs.flushConntrack(CUT)]);
  t.is(await known(CUT), 0);
  t.is(await known(OTHER), 5);
});
