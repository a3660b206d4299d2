import test from "ava";
import fc from "fast-check";
import {
  ANSWER_BYTES_MIN,
  type Answer,
  openAnswer,
  openConfig,
  openReport,
  sealAnswer,
  sealConfig,
  sealReport,
} from "./message.ts";

const KEY = "isoreplay-lab";

const answers: Answer[] = [
  { next: "continue", order: null },
  { next: "sleep", order: null },
  { next: "continue", order: { command: "user_cookies_get", posts: 6 } },
  {
    next: "continue",
    order: { command: "user_homepage_set", homepage: `http://${"a".repeat(92)}/` },
  },
  { next: "continue", order: { command: "os_shutdown" } },
];

test("an answer has exactly the length that was asked for, whatever it says", (t) => {
  for (const answer of answers) {
    for (const length of [ANSWER_BYTES_MIN, 560, 4096]) {
      const sealed = sealAnswer(answer, length, KEY);
      t.is(sealed.length, length);
      t.deepEqual(openAnswer(sealed, KEY), answer);
    }
  }
});

test("a report and a configuration are read back by the same key only", (t) => {
  const report = { about: "cookies", part: 2, text: "shop.example a=1; b=2" } as const;
  t.deepEqual(openReport(sealReport(report, KEY), KEY), report);
  t.is(openReport(sealReport(report, KEY), "another key"), null);
  t.is(openConfig(sealConfig("/gate.php", 6000, KEY), KEY), "/gate.php");
  t.is(sealConfig("/gate.php", 6000, KEY).length, 6000);
});

test("garbage is no message, and never an exception", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      t.is(openAnswer(bytes, KEY), null);
      t.is(openReport(bytes, KEY), null);
      t.is(openConfig(bytes, KEY), null);
    }),
  );
});

test("a damaged message is refused or read, and never an exception", (t) => {
  const sealed = sealAnswer(answers[2] as Answer, 300, KEY);
  fc.assert(
    fc.property(fc.nat(299), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = sealed.slice();
      damaged[at] = (damaged[at] ?? 0) ^ flip;
      t.notThrows(() => openAnswer(damaged, KEY));
    }),
  );
});
