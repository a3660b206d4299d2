import { Random } from "../../src/base/random.ts";
import { sha256 } from "../../src/base/sha256.ts";
import { judge } from "../../src/cluster/judge.ts";
import { parseModel } from "../../src/cluster/model.ts";
import { observeCapture } from "../../src/feature/conversations.ts";
import { formatObservation } from "../../src/feature/record.ts";
import type { Transaction } from "../../src/http/transaction.ts";
import { castOfCapture, conversationOf } from "../../src/run/capture-cast.ts";
import { MODELS } from "../seeds/documents.ts";
import { makeCapture } from "../seeds/make-capture.ts";
import { Contradiction, expectSame, type Target } from "../target.ts";
import { extract, readPieces } from "./captures.ts";

const model = parseModel(MODELS[0] ?? "");
const LIMITS = { flowsMax: 256, connectionsMax: 256, heldBytesMax: 1_000_000 };

/**
 * Transactions → observations → judgements, and the cast that would play them again. Some of the transactions come a
 * second time as a translator of addresses shows them, or from another address of the same host name: what a capture
 * made from one connection never holds. Which, depends on the input's bytes alone.
 */
export const conversations: Target = {
  name: "conversations",
  share: 8,
  make: makeCapture,
  async run(input) {
    const { records } = await readPieces(input, input.length);
    const random = Random.from(sha256(input));
    const found = extract(records, { keepBytes: random.chance(0.2), limits: LIMITS });
    const all = found.flatMap((one) => [one, ...images(random, one)]);
    const { observations, counts } = observeCapture(all);
    const shown = observations.map((one) => formatObservation(one, 0n)).join("\n");
    const shuffled = observeCapture(shuffle(random, all));
    expectSame(
      "observations in another order",
      shuffled.observations.map((one) => formatObservation(one, 0n)).join("\n"),
      shown,
    );
    expectSame("counts in another order", JSON.stringify(shuffled.counts), JSON.stringify(counts));
    const seen = observations.reduce((sum, { values }) => sum + (values.requests ?? 0), 0);
    if (seen + (counts.natDuplicates ?? 0) !== all.length)
      throw new Contradiction("a transaction is in no observation");
    for (const observation of observations) {
      if (!Object.values(observation.values).every(Number.isFinite))
        throw new Contradiction("a value that is no number");
      judge(model, observation);
    }
    if (all.length > 0) castOfCapture(conversationOf(all, "input"), random.chance(0.5));
  },
};

/** What else the capture may show of a transaction. */
function images(random: Random, one: Transaction): Transaction[] {
  const kind = random.float();
  if (kind < 0.4) return [];
  const skewNs = BigInt(random.int(0, random.pick([3, 40_000, 5_000_000, 7_000_000])));
  const { requestStartNs, requestEndNs, responseEndNs } = one;
  const times = {
    requestStartNs: requestStartNs + skewNs,
    requestEndNs: requestEndNs + skewNs,
    responseEndNs: responseEndNs === null ? null : responseEndNs - skewNs,
  };
  const port = random.chance(0.7) ? one.client.port : random.int(1_024, 65_535);
  const client = { address: random.pick(["198.51.100.1", "fd00::1:1"]), port };
  const server = { address: random.pick(["198.51.100.9", "203.0.113.11"]), port: one.server.port };
  if (kind < 0.6) return [{ ...one, ...times, client }];
  if (kind < 0.7) return [{ ...one, ...times, server }];
  if (kind < 0.8)
    return [
      { ...one, ...times, client },
      { ...one, ...times, client, server },
    ];
  // The same host name at another address, a little later.
  const laterNs = BigInt(random.int(0, 600)) * 1_000_000_000n;
  return [
    {
      ...one,
      server,
      host: random.pick([one.host, "cnc.example", "cnc.example:80", "[fd00::99]", ""]),
      requestStartNs: requestStartNs + laterNs,
      requestEndNs: requestEndNs + laterNs,
      responseEndNs: responseEndNs === null ? null : responseEndNs + laterNs,
    },
  ];
}

function shuffle<T>(random: Random, items: readonly T[]): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.int(0, i);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}
