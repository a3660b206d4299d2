import { readdirSync, readFileSync } from "node:fs";
import test from "ava";
import fc from "fast-check";
import { InputError } from "../base/errors.ts";
import { checkScenario, parseScenario } from "./load.ts";

const folder = new URL("../../scenarios/", import.meta.url);
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

for (const name of names) {
  test(`the scenario ${name} is valid and carries its folder's name`, (t) => {
    const text = readFileSync(new URL(`${name}/scenario.yaml`, folder), "utf8");
    t.is(parseScenario(text, `${name}/scenario.yaml`).name, name);
    t.is(text.split("\n")[0], "# yaml-language-server: $schema=../scenario.schema.json");
  });
}

test("a scenario that says only its name has the three behaviours and every default", (t) => {
  const scenario = parseScenario("name: short", "s.yaml");
  t.deepEqual(Object.keys(scenario.behaviours), ["cookie-theft", "homepage-set", "os-shutdown"]);
  t.is(scenario.window.gap_s, 300);
  t.is(scenario.model.k, "behaviours");
});

test("a scenario cannot be changed once it is read", (t) => {
  const scenario = parseScenario("name: short", "s.yaml");
  t.true(Object.isFrozen(scenario));
  t.true(Object.isFrozen(scenario.behaviours["cookie-theft"]?.answer_bytes));
  t.true(Object.isFrozen(scenario.model.columns));
});

/** One broken scenario per line: the text and the whole line that the reader sees. */
const refusal = test.macro({
  exec(t, text: string, line: string) {
    const error = t.throws(() => parseScenario(text, "s.yaml"), { instanceOf: InputError });
    t.is(error?.line, line);
    t.is(error?.status, 65);
  },
  title: (title) => `refused, with the place and the rule: ${title}`,
});

test(
  "an unknown key",
  refusal,
  "name: x\nrouns: 3\n",
  's.yaml:2:1: unknown key "rouns" (nearest valid key is "rounds")',
);
test(
  "an unknown key in a mapping",
  refusal,
  "name: x\nlinks:\n  delay: 3\n",
  's.yaml:3:3: links: unknown key "delay" (nearest valid key is "delay_ms")',
);
test(
  "an unknown key of a behaviour",
  refusal,
  "name: x\nbehaviours:\n  off:\n    command: os_shutdown\n    suspekts: 2\n",
  's.yaml:5:5: behaviours.off: unknown key "suspekts" (nearest valid key is "suspects")',
);
test(
  "an unknown key in a list",
  refusal,
  "name: x\nbenign:\n  sites: {}\n  visitors:\n    - { site: a, client: 2 }\n",
  's.yaml:5:18: benign.visitors[0]: unknown key "client" (nearest valid key is "clients")',
);
test(
  "an unknown command",
  refusal,
  "name: x\nbehaviours:\n  a:\n    command: os_shutdwn\n",
  's.yaml:4:14: behaviours.a.command: "os_shutdwn" is not valid; valid are "user_cookies_get", "user_homepage_set", "os_shutdown" (nearest is "os_shutdown")',
);
test(
  "no command",
  refusal,
  "name: x\nbehaviours:\n  a: { suspects: 1 }\n",
  's.yaml:3:3: behaviours.a.command: is missing; valid are "user_cookies_get", "user_homepage_set", "os_shutdown"',
);
test(
  "a value of another type",
  refusal,
  'name: x\nrounds: "2"\n',
  's.yaml:2:9: rounds: "2" is not a number',
);
test(
  "a fraction where a whole number is needed",
  refusal,
  "name: x\nrounds: 1.5\n",
  "s.yaml:2:9: rounds: 1.5 is not a whole number",
);
test(
  "a value out of bounds",
  refusal,
  "name: x\nlinks: { loss: 0.9 }\n",
  "s.yaml:2:16: links.loss: 0.9 must be at most 0.5",
);
test(
  "a choice that is none",
  refusal,
  "name: x\nisolation:\n  move: migrate\n",
  's.yaml:3:9: isolation.move: "migrate" is not valid; valid are "volume-move", "migration" (nearest is "migration")',
);
test(
  "a k that is neither number nor word",
  refusal,
  "name: x\nmodel: { k: silhuette }\n",
  's.yaml:2:13: model.k: "silhuette" is not valid; valid are a number, "behaviours", "silhouette" (nearest is "silhouette")',
);
test(
  "a k that is too small",
  refusal,
  "name: x\nmodel: { k: 1 }\n",
  "s.yaml:2:13: model.k: 1 must be at least 2",
);
test("no name", refusal, "rounds: 2\n", "s.yaml:1:1: name: is missing, must be a string");
test("an empty file", refusal, "", "s.yaml:1:1: nothing is not a mapping (key: value lines)");
test("a list", refusal, "- name\n", "s.yaml:1:1: a list is not a mapping (key: value lines)");
test(
  "a name that is none",
  refusal,
  "name: Paper One\n",
  's.yaml:1:7: name: "Paper One" is not a name in kebab-case such as cookie-theft',
);
test(
  "a behaviour whose name is none",
  refusal,
  "name: x\nbehaviours:\n  Off!: { command: os_shutdown }\n",
  's.yaml:3:3: behaviours: "Off!" is not a name in kebab-case such as cookie-theft',
);
test(
  "an address that is none",
  refusal,
  "name: x\ncanary: { address: 203.0.113.999 }\n",
  's.yaml:2:20: canary.address: "203.0.113.999" is not an IPv4 address such as 203.0.113.10',
);
test(
  "YAML that is none",
  refusal,
  "name: x\nlinks: { loss: 0.1\n",
  "s.yaml:3:1: not valid YAML: Flow map in block collection must be sufficiently indented and end with a }",
);
test(
  "a key that is there twice",
  refusal,
  "name: x\nrounds: 2\nrounds: 3\n",
  "s.yaml:3:1: not valid YAML: Map keys must be unique",
);
test(
  "an alias that refers to nothing",
  refusal,
  "name: x\nlinks: *faults\n",
  "s.yaml: Unresolved alias (the anchor must be set before the alias): faults",
);

test(
  "min above max",
  refusal,
  "name: x\nzeus:\n  poll_interval_s: { min: 5, max: 3, mean: 4 }\n",
  "s.yaml:3:27: zeus.poll_interval_s.min: min 5 is greater than max 3",
);
test(
  "a mean outside of the bounds",
  refusal,
  "name: x\nzeus:\n  poll_interval_s: { mean: 30 }\n",
  "s.yaml:3:28: zeus.poll_interval_s.mean: mean 30 is not between min 0.5 and max 20",
);
test(
  "subnets that overlap",
  refusal,
  "name: x\nnetworks:\n  isolation: { subnet: 10.10.0.128/25, gateway: 10.10.0.129 }\n",
  "s.yaml:3:24: networks.isolation.subnet: subnet 10.10.0.128/25 of isolation overlaps 10.10.0.0/24 of private",
);
test(
  "a gateway outside of its subnet, found although the subnet is a default",
  refusal,
  "name: x\nnetworks:\n  private: { gateway: 10.99.0.1 }\n",
  "s.yaml:3:23: networks.private.gateway: gateway 10.99.0.1 is not a host address of the subnet 10.10.0.0/24",
);
test(
  "a server that is not on the outside network",
  refusal,
  "name: x\nzeus: { cnc: { address: 10.10.0.9 } }\n",
  "s.yaml:2:25: zeus.cnc.address: 10.10.0.9 is not a host address of the outside subnet 203.0.113.0/24",
);
test(
  "an address that two hosts share",
  refusal,
  "name: x\ncanary: { address: 203.0.113.10 }\n",
  "s.yaml:2:20: canary.address: 203.0.113.10 is already the address of zeus.cnc",
);
test(
  "a reference to an unknown host",
  refusal,
  "name: x\nbenign:\n  sites:\n    forum: { kind: php-site, address: 203.0.113.20, host: forum.example }\n  visitors:\n    - site: forun\n",
  's.yaml:6:13: benign.visitors[0].site: unknown host "forun": benign.sites has none of that name (nearest is "forum")',
);
test(
  "too little room on a network",
  refusal,
  "name: x\nnetworks: { private: { subnet: 10.10.0.0/29 } }\n",
  "s.yaml:2:32: networks.private.subnet: 10.10.0.0/29 has room for 5 hosts besides the gateway, the scenario needs 15",
);
test(
  "too little room on isolation for a responder",
  refusal,
  "name: x\nnetworks: { isolation: { subnet: 10.20.0.0/29 } }\nbehaviours: { a: { command: user_cookies_get, suspects: 5 } }\nreplay: { way: nat }\n",
  "s.yaml:2:34: networks.isolation.subnet: 10.20.0.0/29 has room for 5 hosts besides the gateway, the scenario needs 6",
);
test(
  "a way of replay that there is not",
  refusal,
  "name: x\nreplay: { way: natt }\n",
  's.yaml:2:16: replay.way: "natt" is not valid; valid are "packet", "nat", "proxy" (nearest is "nat")',
);
test(
  "a gate whose requests would not be observed",
  refusal,
  "name: x\nzeus: { gate_path: /gate }\n",
  "s.yaml:2:20: zeus.gate_path: /gate does not end in .php, so none of its requests would be observed",
);
test(
  "a pause between sessions that does not end the window",
  refusal,
  "name: x\nsession_gap_s: 30\n",
  "s.yaml:2:16: session_gap_s: 30 s between sessions do not end the window, window.gap_s is 300",
);
test(
  "answers too short for a command",
  refusal,
  "name: x\nbehaviours:\n  a: { command: os_shutdown, answer_bytes: { min: 20 } }\n",
  "s.yaml:3:51: behaviours.a.answer_bytes.min: min 20 is too short for an encrypted command, 192 bytes",
);
test(
  "a column that no observation has",
  refusal,
  "name: x\nmodel:\n  columns: [php_request, requests]\n",
  's.yaml:3:13: model.columns[0]: unknown column "php_request" (nearest is "php_requests")',
);
test(
  "a column that is there twice",
  refusal,
  "name: x\nmodel:\n  columns: [requests, requests]\n",
  "s.yaml:3:23: model.columns[1]: column requests is there twice",
);
test(
  "nobody to be judged",
  refusal,
  "name: x\nbehaviours:\n  a: { command: os_shutdown, suspects: 0 }\n",
  "s.yaml:2:1: behaviours: no behaviour has a suspect, so nothing would be judged (set suspects of one to 1)",
);
test(
  "no training at all",
  refusal,
  "name: x\nbehaviours:\n  a: { command: os_shutdown, training_bots: 0 }\n",
  "s.yaml:1:1: model.k: 0 training observations are too few for 1 clusters (raise training_bots or sessions_per_bot of a behaviour)",
);

test("every error is found at once, in the order of the file", (t) => {
  const { errors } = checkScenario(
    "rounds: x\nname: y\nlinks: { los: 1, delay_ms: -1 }\n",
    "s.yaml",
  );
  t.deepEqual(
    errors.map((e) => e.where),
    ["s.yaml:1:9", "s.yaml:3:10", "s.yaml:3:28"],
  );
});

test("no text makes the loader throw anything but an InputError", (t) => {
  const snippet = fc.constantFrom(
    "name: a",
    "links:",
    "  loss: 1",
    "- x",
    "*a",
    "&a",
    "? {",
    "<<: *a",
    "!!js x",
    "\t",
    "'",
    "---",
    "...",
    "%YAML 9",
    "__proto__: 1",
    "benign: {visitors: [1, {site: {}}]}",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(snippet).map((l) => l.join("\n")),
      ),
      (text) => {
        const { scenario, errors } = checkScenario(text, "s.yaml");
        t.true(scenario !== null || errors.length > 0);
        t.true(errors.every((e) => e instanceof InputError));
      },
    ),
    { numRuns: 500 },
  );
});
