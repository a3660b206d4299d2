/**
 * Switched packets per second of CPU in the whole simulator: hosts with TCP, links, conntrack rules, a router, virtual time.
 *
 *     node bench/simulator.ts [CLIENTS] [MEGABYTES]
 *
 * Twice, the second time with ten times the bytes: memory must follow the live flows, not the packets.
 */
import { SimLab } from "../sim/lab.ts";
import { privateRules } from "../src/isolate/private-rules.ts";
import { macOf } from "../src/run/addresses.ts";
import type { HostPlan, Plan } from "../src/run/plan.ts";

const [clients = "8", megabytes = "20"] = process.argv.slice(2);
const PAGE_BYTES = 50_000;
const SERVER = { address: "203.0.113.10", port: 80 };

function host(name: string, bridge: "private" | "outside", number: number): HostPlan {
  const net = bridge === "private" ? "10.10.0" : "203.0.113";
  return {
    name,
    role: bridge === "private" ? "benign-client" : "server",
    bridge,
    port: number,
    mac: macOf(bridge, number),
    address: `${net}.${number}`,
    prefixLength: 24,
    gateway: `${net}.1`,
    volume: null,
  };
}

function plan(count: number): Plan {
  const router = (bridge: "private" | "outside", address: string) => ({
    ...{ bridge, port: 1, mac: macOf(bridge, 1), address, prefixLength: 24 },
  });
  return {
    name: "bench",
    hosts: [
      host("server", "outside", 10),
      ...Array.from({ length: count }, (_, i) => host(`client-${i}`, "private", 10 + i)),
    ],
    router: [router("private", "10.10.0.1"), router("outside", "203.0.113.1")],
    replayer: {
      name: "replayer",
      gatewayMac: macOf("isolation", 1),
      gatewayAddress: "10.20.0.1",
    },
    faults: { delayMs: 2, jitterMs: 0.5, loss: 0, duplicate: 0, reorder: 0 },
  };
}

async function transfer(count: number, totalBytes: number) {
  const made = plan(count);
  const watch = { frame: () => {}, event: () => {}, effect: () => {} };
  const requests = Math.max(1, Math.round(totalBytes / count / PAGE_BYTES));
  const exact = (mean: number) => ({ mean, sd: 0, min: mean, max: mean });
  const cpu = process.cpuUsage();
  const counts = await new SimLab(1).run(made, watch, async (lab) => {
    const stations = made.hosts.filter((h) => h.bridge === "private");
    await lab.setRules("private", privateRules({ uplinkPort: 1, stations, cut: [] }));
    void lab.start("server", {
      kind: "web-site",
      site: "download",
      port: SERVER.port,
      pageBytes: exact(PAGE_BYTES),
    });
    await Promise.all(
      stations.map((station) =>
        lab.start(station.name, {
          kind: "browser",
          site: "download",
          server: SERVER,
          host: "bench.example",
          sessions: 1,
          sessionGapS: 1,
          requests: exact(requests),
          thinkTimeS: exact(0.001),
        }),
      ),
    );
    return lab.counts();
  });
  const { user, system } = process.cpuUsage(cpu);
  return { packets: counts.packetsSwitched ?? 0, cpuS: (user + system) / 1e6 };
}

await transfer(2, 1e6); // The JIT's warm-up is not what is measured.
for (const factor of [1, 10]) {
  const { packets, cpuS } = await transfer(Number(clients), Number(megabytes) * 1e6 * factor);
  const memory = process.memoryUsage().rss / 1e6;
  console.log(
    `simulator: ${packets} packets switched in ${cpuS.toFixed(2)} s of CPU: ` +
      `${Math.round(packets / cpuS / 1000)},000 a second, ${Math.round(memory)} MB`,
  );
}
