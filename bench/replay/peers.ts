import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Path } from "./paths.ts";
import { PROXY, PROXY_PORT, RESPONDER, RESPONDER_PORT } from "./places.ts";
import { startNginx, startResponder, URI } from "./responder.ts";
import { proxyRules } from "./rules.ts";
import type { Stage } from "./stage.ts";

const UPSTREAM = `${RESPONDER.address}:${RESPONDER_PORT}`;
const AT_PROXY = { address: PROXY.address, port: PROXY_PORT };
const MITM_MS_MAX = 20_000;

/** One connection to the server for each of the client: a redirecting proxy, and no cache of connections. */
const HAPROXY_CONFIG = `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  option httpclose
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen proxy
  bind ${PROXY.address}:${PROXY_PORT} backlog 4096
  server responder ${UPSTREAM}
`;

/** What somebody would put in the way instead; Debian's packages. */
export const PEERS: readonly Path[] = [
  {
    name: "haproxy",
    needs: ["haproxy", "nginx"],
    to: AT_PROXY,
    up: async (stage) => {
      await ready(stage);
      const file = join(stage.folder, "haproxy.cfg");
      await writeFile(file, HAPROXY_CONFIG);
      await stage.start(PROXY, ["haproxy", "-db", "-f", file]);
    },
  },
  {
    name: "nginx proxy_pass",
    needs: ["nginx"],
    to: AT_PROXY,
    up: async (stage) => {
      await ready(stage);
      const listen = `listen ${PROXY_PORT} backlog=4096;`;
      await startNginx(
        stage,
        PROXY,
        `${listen} location / { proxy_pass http://${UPSTREAM}; proxy_set_header Connection close; }`,
      );
    },
  },
  {
    name: "mitmproxy replay",
    needs: ["mitmdump", "nginx"],
    to: AT_PROXY,
    up: async (stage) => {
      await ready(stage);
      const flows = await recordFlows(stage);
      const replay = ["--server-replay", flows, "--set", "server_replay_nopop=true"];
      const quick = ["--set", "connection_strategy=lazy", "--set", "server_replay_kill_extra=true"];
      await stage.start(PROXY, [...mitmdump(stage), ...replay, ...quick]);
    },
  },
];

async function ready(stage: Stage): Promise<void> {
  await stage.setRules(proxyRules());
  await startResponder(stage);
}

function mitmdump(stage: Stage): string[] {
  const config = `confdir=${join(stage.folder, "mitmproxy")}`;
  const where = ["--listen-host", PROXY.address, "-p", String(PROXY_PORT)];
  return ["mitmdump", "-q", "--set", config, "--mode", `reverse:http://${UPSTREAM}`, ...where];
}

/** One conversation through mitmproxy, recorded by itself. Gives the file. */
async function recordFlows(stage: Stage): Promise<string> {
  const file = join(stage.folder, "flows");
  const recorder = await stage.start(PROXY, [...mitmdump(stage), "-w", file]);
  const url = `http://${PROXY.address}:${PROXY_PORT}${URI}`;
  // Recorded with the close, so that the load generator expects it.
  const ask = [
    "curl",
    "-fsS",
    "-H",
    "Connection: close",
    "--retry",
    "100",
    "--retry-delay",
    "0",
    "--retry-connrefused",
    url,
  ];
  await stage.run(PROXY, ask, { timeoutMs: MITM_MS_MAX });
  // It writes when it ends; the program that carries the signal in is nsenter's child.
  await stage.run(null, ["pkill", "-INT", "-x", "mitmdump"]);
  await recorder.ended;
  return file;
}
