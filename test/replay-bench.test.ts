import test from "ava";
import type { Measured } from "../bench/replay/measure.ts";
import { parseListening } from "../bench/replay/reach.ts";
import { cpuRatio, formatTable } from "../bench/replay/table.ts";
import {
  busySeconds,
  childSeconds,
  parseStat,
  peakMegabytes,
  usedBetween,
} from "../bench/replay/usage.ts";
import { parseWrk } from "../bench/replay/wrk.ts";

const stat = (pid: number, name: string, times: string) =>
  `${pid} (${name}) S 1 1 1 0 -1 4194560 100 0 0 0 ${times} 20 0 1 0 100 1000 200 184467`;

test("processor time counts user, system and the ended children, whatever the process is called", (t) => {
  t.deepEqual(parseStat(stat(7, "a) S (b", "150 50 3 2")), {
    pid: 7,
    name: "a) S (b",
    cpuSeconds: 2.05,
  });
});

test("what was used between two looks is told by name, and a new process counts from its start", (t) => {
  const before = [parseStat(stat(7, "nginx", "100 0 0 0")), parseStat(stat(8, "gone", "5 5 0 0"))];
  const after = [
    parseStat(stat(7, "nginx", "250 50 0 0")),
    parseStat(stat(9, "nginx", "25 0 0 0")),
    parseStat(stat(10, "ovs-vswitchd", "1 0 0 0")),
  ];
  t.deepEqual(
    [...usedBetween(before, after)],
    [
      ["nginx", 2.25],
      ["ovs-vswitchd", 0.01],
    ],
  );
});

test("the machine's busy time leaves idling and waiting for the disk out", (t) => {
  t.is(busySeconds("cpu  100 20 30 9999 888 7 3 0 0 0\ncpu0 1 1 1 1 1 1 1 0 0 0\n"), 1.6);
});

test("the shell's times are those of its children", (t) => {
  t.is(childSeconds("0m0.001000s 0m0.002000s\n1m1.500000s 0m0.250000s\n"), 61.75);
});

test("peak memory is told in MB, and a process without any has none", (t) => {
  t.is(peakMegabytes("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), 2);
  t.is(peakMegabytes("Name:\tkthreadd\n"), 0);
});

function measured(cpuPerThousand: number, errors: number): Measured {
  return {
    ...{ sessions: 1_000, sessionsPerSecond: 500, p50Ms: 1, p99Ms: 2, errors, cpuPerThousand },
    ...{ switchPerThousand: 0.1, clientPerThousand: 0.05, machinePerThousand: 0.5 },
    ...{ peakMegabytes: 40, reach: { sockets: 1, processes: 2 } },
  };
}

test("a path is shown in the round that cost least, with the errors of all its rounds", (t) => {
  const a = { name: "a", rounds: [measured(0.3, 1), measured(0.2, 0)] };
  const b = { name: "b", rounds: [measured(0.4, 0)] };
  t.is(cpuRatio(a, b), 0.5);
  const [head, , first] = formatTable([a, b]).split("\n");
  const cells = (line = "") => line.split("|").map((cell) => cell.trim());
  t.is(cells(first)[cells(head).indexOf("CPU s/1000")], "0.200");
  t.is(cells(first)[cells(head).indexOf("errors")], "1");
});

const WRK = `Running 5s test @ http://203.0.113.10:80/gate.php
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.56ms    3.76ms  47.29ms   94.02%
    Req/Sec     4.46k     1.83k    8.80k    74.00%
  Latency Distribution
     50%  850.00us
     75%    2.35ms
     90%    4.47ms
     99%    1.02s
  22287 requests in 5.04s, 7.31MB read
`;

test("a run of the load generator is read with its units", (t) => {
  t.deepEqual(parseWrk(`${WRK}Requests/sec:   4425.94\nTransfer/sec:      1.45MB\n`), {
    sessions: 22_287,
    sessionsPerSecond: 4_425.94,
    p50Ms: 0.85,
    p99Ms: 1_020,
    errors: 0,
  });
});

test("sockets that failed and answers that were refused are errors", (t) => {
  const errors =
    "  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 5\n";
  t.is(parseWrk(`${WRK}${errors}Requests/sec:   1.00\n`).errors, 15);
  t.throws(() => parseWrk("unable to connect to 203.0.113.10:80 Connection refused\n"), {
    message: /Connection refused/,
  });
});

test("each process that holds a listening socket is told", (t) => {
  const text = `tcp   LISTEN 0      511          0.0.0.0:8080      0.0.0.0:*    users:(("nginx",pid=12,fd=6),("nginx",pid=11,fd=6))
udp   UNCONN 0      0            [::]:53           [::]:*    users:(("named",pid=9,fd=3))
`;
  t.deepEqual(parseListening(text), [
    { port: 8080, pids: [12, 11] },
    { port: 53, pids: [9] },
  ]);
  t.deepEqual(parseListening(""), []);
});
