import { z } from "zod";
import { behaviour } from "./behaviour.ts";
import { benign } from "./benign.ts";
import { distribution } from "./distribution.ts";
import { address, hostName, name, port, subnet, uriPath } from "./name.ts";
import { WAY_NAMES } from "./way.ts";

/**
 * The scenario: the one source of its types and of the published JSON Schema. Units stand last in a key's name.
 * Every key may be left out; what a key means beyond its own type is checked in meaning.ts.
 */

function network(defaults: { subnet: string; gateway: string }, description: string) {
  return z
    .strictObject({
      subnet: subnet.default(defaults.subnet),
      gateway: address.default(defaults.gateway),
    })
    .prefault({})
    .describe(description);
}

const probability = z.number().min(0).max(0.5);
const ratio = z.number().min(0).max(1);

const networks = z
  .strictObject({
    private: network(
      { subnet: "10.10.0.0/24", gateway: "10.10.0.1" },
      "The cloud's network: reaches the outside through the router.",
    ),
    isolation: network(
      { subnet: "10.20.0.0/24", gateway: "10.20.0.1" },
      "Where judged instances go: reaches nothing. The gateway's address belongs to the replayer.",
    ),
    outside: network(
      { subnet: "203.0.113.0/24", gateway: "203.0.113.1" },
      "Stands for the internet; exists only inside the lab.",
    ),
  })
  .prefault({});

const links = z
  .strictObject({
    delay_ms: z.number().min(0).max(1000).default(2).describe("One-way delay of each link."),
    jitter_ms: z.number().min(0).max(1000).default(0.5).describe("At most this much is added."),
    loss: probability.default(0.002).describe("Probability that a frame is lost."),
    duplicate: probability.default(0.0005).describe("Probability that a frame arrives twice."),
    reorder: probability.default(0.001).describe("Probability that a later frame overtakes it."),
  })
  .prefault({})
  .describe("Faults of every link, drawn from the seed.");

const zeus = z
  .strictObject({
    cnc: z
      .strictObject({
        address: address.default("203.0.113.10"),
        port: port.default(80),
        host: hostName.default("cnc.example"),
      })
      .prefault({})
      .describe("The command and control server, on the outside network."),
    gate_path: uriPath.default("/gate.php").describe("Where bots report in and ask for commands."),
    config_path: uriPath.default("/config.bin").describe("The encrypted configuration."),
    config_bytes: distribution(
      { mean: 6000, sd: 1500, min: 1024, max: 30_000 },
      "Length of the configuration in bytes.",
    ),
    key: z
      .string()
      .min(5)
      .max(64)
      .default("isoreplay-lab")
      .describe("The RC4 key of commands and reports."),
    connection: z
      .enum(["per-request", "keep-alive"])
      .default("per-request")
      .describe("One TCP connection for each request, as Zeus does, or one for a session."),
    poll_interval_s: distribution(
      { mean: 4, sd: 1.5, min: 0.5, max: 20 },
      "Time between two polls in seconds.",
    ),
    real_shutdown: z
      .boolean()
      .default(false)
      .describe(
        "Whether a shutdown order switches a real guest off, too; a virtual one it always does.",
      ),
  })
  .prefault({});

const canary = z
  .strictObject({
    address: address.default("203.0.113.250"),
    tcp_port: port.default(7001),
    udp_port: port.default(7002),
    beacon_interval_ms: z
      .int()
      .min(50)
      .max(60_000)
      .default(500)
      .describe("Each suspect's beacon sends this often."),
  })
  .prefault({})
  .describe("The host on the outside that shows whether a packet got out: the positive control.");

const model = z
  .strictObject({
    columns: z
      .array(z.string().regex(/^[a-z][a-z0-9_]*$/, "is not the name of a column"))
      .min(1)
      .default(["response_bytes_mean", "php_requests"])
      .describe("Columns of the observations that the model uses."),
    k: z
      .union([z.int().min(2).max(32), z.enum(["behaviours", "silhouette"])])
      .default("behaviours")
      .describe("Number of clusters: given, as many as behaviours, or chosen by silhouette."),
    restarts: z
      .int()
      .min(1)
      .max(1000)
      .default(25)
      .describe("k-means starts; the best inertia wins."),
  })
  .prefault({});

const isolation = z
  .strictObject({
    move: z
      .enum(["volume-move", "migration"])
      .default("volume-move")
      .describe("How the judged instance gets onto the isolation network."),
    control_latency_ms: z
      .number()
      .min(0)
      .max(60_000)
      .default(100)
      .describe("Time between the verdict and the rules being in force."),
    observe_s_max: z
      .number()
      .positive()
      .max(86_400)
      .default(900)
      .describe("How long an isolated instance is watched at most."),
  })
  .prefault({});

const replay = z
  .strictObject({
    way: z
      .enum(WAY_NAMES)
      .default("packet")
      .describe(
        "Who gives the recorded answers: the analysis side packet by packet, a responder behind conntrack's NAT, or a redirecting proxy (the baseline, on real labs only).",
      ),
    miss: z
      .enum(["close", "empty-200"])
      .default("close")
      .describe("What answers a request for which no recorded answer fits."),
  })
  .prefault({});

const assertions = z
  .strictObject({
    silhouette_min: z.number().min(-1).max(1).default(0.45),
    ari_min: z
      .number()
      .min(-1)
      .max(1)
      .default(0.85)
      .describe("Adjusted Rand index against the truth."),
    recall_min: ratio
      .default(0.8)
      .describe(
        "Part of the bots' observations that is judged a known behaviour; with few suspects, one miss must not decide.",
      ),
    false_positive_rate_max: ratio
      .default(0.1)
      .describe("Part of the benign observations that is judged so."),
    time_to_contain_ms_max: z
      .number()
      .positive()
      .default(1000)
      .describe(
        "From the verdict to the last packet that left; on a real lab a busy machine counts, too.",
      ),
    feedback_drop_max: ratio
      .default(0.05)
      .describe("How much worse a later round may be than the first."),
  })
  .prefault({})
  .describe("Thresholds of the assertions.");

export const scenarioSchema = z.strictObject({
  name: name.describe("Names the run's folder."),
  description: z.string().max(1000).default("").describe("One or two sentences for the report."),
  networks,
  links,
  zeus,
  behaviours: z
    .record(name, behaviour)
    .prefault({
      "cookie-theft": { command: "user_cookies_get" },
      "homepage-set": { command: "user_homepage_set" },
      "os-shutdown": { command: "os_shutdown" },
    })
    .describe("Behaviour types by name: what the model has to tell apart."),
  session_gap_s: z
    .number()
    .positive()
    .max(86_400)
    .default(400)
    .describe("Pause between two sessions of a host; longer than window.gap_s."),
  benign,
  canary,
  window: z
    .strictObject({
      gap_s: z
        .number()
        .positive()
        .max(86_400)
        .default(300)
        .describe("Silence that ends an observation's window."),
    })
    .prefault({}),
  model,
  isolation,
  replay,
  rounds: z.int().min(1).max(20).default(2).describe("How often the loop goes round."),
  assertions,
});

type DeepReadonly<T> = T extends (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** A scenario as checked and filled in: every key is there. Deep-frozen. */
export type Scenario = DeepReadonly<z.output<typeof scenarioSchema>>;
export type Behaviour = Scenario["behaviours"][string];
