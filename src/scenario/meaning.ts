import { columns as known } from "../feature/columns.ts";
import { ANSWER_BYTES_MIN } from "../zeus/message.ts";
import { hostCount, isHostOf, overlap, subnetRange } from "./ipv4-range.ts";
import { nearest } from "./nearest.ts";
import { type Path, type Problem, pathText } from "./problem.ts";
import type { Scenario } from "./scenario.ts";
import { WAYS } from "./way.ts";

/** A session needs a report-in, the answer with the command, and what the command makes the bot send. */
const SESSION_REQUESTS_MIN = 3;

/** What a scenario's values mean together: the rules that no single key can break. In the order of the schema. */
export function meaningProblems(scenario: Scenario): Problem[] {
  return [
    ...distributionProblems(scenario, []),
    ...networkProblems(scenario),
    ...addressProblems(scenario),
    ...roomProblems(scenario),
    ...zeusProblems(scenario),
    ...behaviourProblems(scenario),
    ...timeProblems(scenario),
    ...benignProblems(scenario),
    ...modelProblems(scenario),
  ];
}

function* distributionProblems(value: unknown, path: Path): Generator<Problem> {
  if (typeof value !== "object" || value === null) return;
  const { mean, min, max } = value as Record<string, unknown>;
  if (typeof mean === "number" && typeof min === "number" && typeof max === "number") {
    if (min > max) {
      yield { path: [...path, "min"], message: `min ${min} is greater than max ${max}` };
    } else if (mean < min || mean > max) {
      yield {
        path: [...path, "mean"],
        message: `mean ${mean} is not between min ${min} and max ${max}`,
      };
    }
    return;
  }
  for (const [key, child] of Object.entries(value)) {
    yield* distributionProblems(child, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

const NETWORKS = ["private", "isolation", "outside"] as const;

function* networkProblems(scenario: Scenario): Generator<Problem> {
  for (const [i, name] of NETWORKS.entries()) {
    const { subnet, gateway } = scenario.networks[name];
    const range = subnetRange(subnet);
    if (!range.aligned) {
      yield {
        path: ["networks", name, "subnet"],
        message: `${subnet} has bits set behind its prefix`,
      };
    }
    if (!isHostOf(gateway, range)) {
      yield {
        path: ["networks", name, "gateway"],
        message: `gateway ${gateway} is not a host address of the subnet ${subnet}`,
      };
    }
    for (const other of NETWORKS.slice(0, i)) {
      const taken = scenario.networks[other].subnet;
      if (overlap(range, subnetRange(taken))) {
        yield {
          path: ["networks", name, "subnet"],
          message: `subnet ${subnet} of ${name} overlaps ${taken} of ${other}`,
        };
      }
    }
  }
}

function* addressProblems(scenario: Scenario): Generator<Problem> {
  const { outside } = scenario.networks;
  const range = subnetRange(outside.subnet);
  const taken = new Map([[outside.gateway, "networks.outside.gateway"]]);
  const sites = Object.entries(scenario.benign.sites);
  const hosts: [Path, string][] = [
    [["zeus", "cnc", "address"], scenario.zeus.cnc.address],
    ...sites.map(([name, site]): [Path, string] => [
      ["benign", "sites", name, "address"],
      site.address,
    ]),
    [["canary", "address"], scenario.canary.address],
  ];
  for (const [path, address] of hosts) {
    if (!isHostOf(address, range)) {
      yield {
        path,
        message: `${address} is not a host address of the outside subnet ${outside.subnet}`,
      };
    }
    const owner = taken.get(address);
    if (owner !== undefined)
      yield { path, message: `${address} is already the address of ${owner}` };
    taken.set(address, pathText(path.slice(0, -1)));
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}

function* roomProblems(scenario: Scenario): Generator<Problem> {
  const behaviours = Object.values(scenario.behaviours);
  const suspects = sum(behaviours.map((b) => b.suspects));
  const instances = suspects + sum(behaviours.map((b) => b.training_bots));
  const clients = sum(scenario.benign.visitors.map((v) => v.clients));
  const { hasResponder } = WAYS[scenario.replay.way];
  const needs = { private: instances + clients, isolation: suspects + (hasResponder ? 1 : 0) };
  for (const [name, hosts] of Object.entries(needs) as [keyof typeof needs, number][]) {
    const { subnet } = scenario.networks[name];
    // One address is the gateway's.
    const room = hostCount(subnetRange(subnet)) - 1;
    if (hosts > room) {
      yield {
        path: ["networks", name, "subnet"],
        message: `${subnet} has room for ${room} hosts besides the gateway, the scenario needs ${hosts}`,
      };
    }
  }
}

function* zeusProblems(scenario: Scenario): Generator<Problem> {
  const { gate_path: gate, config_path: config } = scenario.zeus;
  if (!gate.endsWith(".php")) {
    yield {
      path: ["zeus", "gate_path"],
      message: `${gate} does not end in .php, so none of its requests would be observed`,
    };
  }
  if (config.endsWith(".php")) {
    yield {
      path: ["zeus", "config_path"],
      message: `${config} ends in .php, so the configuration would count as a command`,
    };
  }
}

function* behaviourProblems(scenario: Scenario): Generator<Problem> {
  for (const [name, behaviour] of Object.entries(scenario.behaviours)) {
    const path = ["behaviours", name];
    if (behaviour.answer_bytes.min < ANSWER_BYTES_MIN) {
      yield {
        path: [...path, "answer_bytes", "min"],
        message: `min ${behaviour.answer_bytes.min} is too short for an encrypted command, ${ANSWER_BYTES_MIN} bytes`,
      };
    }
    if (behaviour.requests.min < SESSION_REQUESTS_MIN) {
      yield {
        path: [...path, "requests", "min"],
        message: `min ${behaviour.requests.min} is too few: report-in, command and report are ${SESSION_REQUESTS_MIN}`,
      };
    }
  }
  const behaviours = Object.values(scenario.behaviours);
  if (behaviours.length === 0) {
    yield { path: ["behaviours"], message: "there is no behaviour", mend: "give at least one" };
  } else if (sum(behaviours.map((b) => b.suspects)) === 0) {
    yield {
      path: ["behaviours"],
      message: "no behaviour has a suspect, so nothing would be judged",
      mend: "set suspects of one to 1",
    };
  }
}

function* timeProblems(scenario: Scenario): Generator<Problem> {
  const gap = scenario.window.gap_s;
  const inside: [Path, number][] = [
    [["zeus", "poll_interval_s", "max"], scenario.zeus.poll_interval_s.max],
    ...scenario.benign.visitors.map((visitors, i): [Path, number] => [
      ["benign", "visitors", i, "think_time_s", "max"],
      visitors.think_time_s.max,
    ]),
  ];
  for (const [path, longest] of inside) {
    if (longest >= gap) {
      yield {
        path,
        message: `a pause of ${longest} s inside a session would end the window, window.gap_s is ${gap}`,
      };
    }
  }
  if (scenario.session_gap_s <= gap) {
    yield {
      path: ["session_gap_s"],
      message: `${scenario.session_gap_s} s between sessions do not end the window, window.gap_s is ${gap}`,
    };
  }
}

function* benignProblems(scenario: Scenario): Generator<Problem> {
  const names = Object.keys(scenario.benign.sites);
  for (const [i, { site }] of scenario.benign.visitors.entries()) {
    if (names.includes(site)) continue;
    yield {
      path: ["benign", "visitors", i, "site"],
      message: `unknown host "${site}": benign.sites has none of that name`,
      mend: () => {
        const near = nearest(site, names);
        return near === null ? null : `nearest is "${near}"`;
      },
    };
  }
}

function* modelProblems(scenario: Scenario): Generator<Problem> {
  const behaviours = Object.values(scenario.behaviours);
  const trained = sum(behaviours.map((b) => b.training_bots * b.sessions_per_bot));
  const { k, columns } = scenario.model;
  const clusters = k === "behaviours" ? behaviours.length : k === "silhouette" ? 2 : k;
  if (trained <= clusters) {
    yield {
      path: ["model", "k"],
      message: `${trained} training observations are too few for ${clusters} clusters`,
      mend: "raise training_bots or sessions_per_bot of a behaviour",
    };
  }
  const names: string[] = known.map((column) => column.name);
  for (const [i, column] of columns.entries()) {
    if (names.includes(column)) continue;
    yield {
      path: ["model", "columns", i],
      message: `unknown column "${column}"`,
      mend: () => `nearest is "${nearest(column, names)}"`,
    };
  }
  const twice = columns.findIndex((column, i) => columns.indexOf(column) !== i);
  if (twice >= 0) {
    yield { path: ["model", "columns", twice], message: `column ${columns[twice]} is there twice` };
  }
}
