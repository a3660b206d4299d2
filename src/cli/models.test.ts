import test from "ava";
import { InputError } from "../base/errors.ts";
import { parseLabels } from "./models.ts";

const refused = test.macro(async (t, text: string, message: RegExp) => {
  await t.throwsAsync(parseLabels(text, "labels.yaml"), { instanceOf: InputError, message });
});

test("labels that are no YAML are refused", refused, "a: [", /neither JSON nor YAML/);
test("an alias that refers to nothing is refused", refused, "a: *b", /neither .* alias/);
test("aliases that blow the text up are refused", refused, bomb(), /neither .* alias/);
test("brackets that use up the stack are refused", refused, "[".repeat(60_000), /neither/);
test("a label that is no name is refused", refused, "bot.pcap: 3", /label of "bot\.pcap" is not/);
test("a list of labels is refused", refused, "- benign", /not a mapping/);

function bomb(): string {
  const lines = Array.from(
    { length: 12 },
    (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(", ")}]`,
  );
  return ["a0: &a0 [x]", ...lines].join("\n");
}

test("labels are read by capture, client or both", async (t) => {
  const labels = await parseLabels('bot.pcap: cookie-theft\n"a.pcap 10.0.0.7": benign\n', "x");
  t.deepEqual(
    [...labels],
    [
      ["bot.pcap", "cookie-theft"],
      ["a.pcap 10.0.0.7", "benign"],
    ],
  );
});
