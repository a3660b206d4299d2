import { readdirSync, readFileSync } from "node:fs";
import { resultsFixture } from "../../src/report/results.fixture.ts";
import {
  formatManifest,
  MANIFEST_FORMAT,
  MANIFEST_VERSION,
  type Provenance,
} from "../../src/run/manifest.ts";
import { formatResults } from "../../src/run/results.ts";
import { TALKS } from "./talks.ts";
import { recordTape } from "./tape.ts";

const PROJECT = new URL("../../", import.meta.url);

function projectText(path: string): string {
  return readFileSync(new URL(path, PROJECT), "utf8");
}

export const SCENARIOS: readonly string[] = [
  "paper",
  "zeus-cookie-theft",
  "zeus-homepage-set",
  "zeus-os-shutdown",
].map((name) => projectText(`scenarios/${name}/scenario.yaml`));

export const MODELS: readonly string[] = [projectText("models/zeus.json")];

export const TAPES: readonly string[] = TALKS.map((talk) => recordTape(talk).format());

/** The short ones: most of a long one is steps of the same kinds. */
export const CASES: readonly string[] = readdirSync(new URL("cases/", PROJECT))
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map((name) => projectText(`cases/${name}`))
  .filter((text) => text.length < 20_000);

export const LABELS: readonly string[] = [
  '{"bot.pcap": "cookie-theft", "10.0.0.9": "benign", "a.pcap 10.0.0.7": "os-shutdown"}',
  "# who is who\nbot.pcap: cookie-theft\n10.0.0.9: benign\n'a.pcap fd00::7': homepage-set\n",
];

export const PROVENANCE: Provenance = {
  isoreplay: "0.1.0",
  commit: "0123456789abcdef0123456789abcdef01234567",
  modified: false,
  lockfile: "ab".repeat(32),
  versions: { node: "24.21.0", ovs: null, kernel: "Linux 6.1.0" },
};

const FILE = { bytes: 1_234, sha256: "0f".repeat(32) };

export const MANIFESTS: readonly string[] = [
  formatManifest({
    format: MANIFEST_FORMAT,
    version: MANIFEST_VERSION,
    scenario: "paper",
    lab: "sim",
    seed: 1,
    arguments: ["run", "paper"],
    ...PROVENANCE,
    inputs: [{ name: "scenario.yaml", ...FILE }],
    outputs: [
      { name: "events.jsonl", ...FILE },
      { name: "round-1/private.pcap", ...FILE },
    ],
  }),
];

export const RESULTS: readonly string[] = [formatResults(resultsFixture())];
