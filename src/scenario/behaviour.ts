import { z } from "zod";
import type { Distribution } from "../base/distribution.ts";
import { distribution } from "./distribution.ts";

interface BehaviourDefaults {
  readonly answerBytes: Distribution;
  readonly requests: Distribution;
}

function common(defaults: BehaviourDefaults) {
  return {
    answer_bytes: distribution(
      defaults.answerBytes,
      "Length of the C&C's answers to *.php in bytes: the level of one session, drawn once per session.",
    ),
    answer_spread: z
      .number()
      .min(0)
      .max(1)
      .default(0.2)
      .describe(
        "Standard deviation of the single answers of a session, as a part of the session's level.",
      ),
    requests: distribution(defaults.requests, "Number of *.php requests in one session."),
    training_bots: z
      .int()
      .min(0)
      .max(64)
      .default(4)
      .describe("Instances whose labelled traffic trains the model."),
    sessions_per_bot: z
      .int()
      .min(1)
      .max(100)
      .default(5)
      .describe("Sessions that each training bot holds; each is one observation."),
    suspects: z
      .int()
      .min(0)
      .max(64)
      .default(1)
      .describe("Instances that are judged, isolated and observed."),
  };
}

const cookieTheft = z.strictObject({
  command: z.literal("user_cookies_get"),
  ...common({
    answerBytes: { mean: 430, sd: 120, min: 260, max: 670 },
    requests: { mean: 15.5, sd: 2.7, min: 11, max: 20 },
  }),
  cookies: z
    .int()
    .min(1)
    .max(200)
    .default(24)
    .describe("Synthetic cookies in the jar of each instance."),
});

const homepageSet = z.strictObject({
  command: z.literal("user_homepage_set"),
  ...common({
    answerBytes: { mean: 1220, sd: 210, min: 880, max: 1600 },
    requests: { mean: 8, sd: 1.9, min: 5, max: 12 },
  }),
  homepage: z
    .string()
    .max(100)
    .regex(
      /^http:\/\/[a-z0-9.-]+\/[\w./-]*$/,
      "is not an http:// address such as http://start.example/",
    )
    .default("http://start.example/")
    .describe("The homepage that the command sets."),
});

const osShutdown = z.strictObject({
  command: z.literal("os_shutdown"),
  ...common({
    answerBytes: { mean: 550, sd: 120, min: 350, max: 780 },
    requests: { mean: 4.5, sd: 1.3, min: 3, max: 7 },
  }),
});

/** A behaviour type: its command (in the words of Zeus's own scripts) decides which other keys there are. */
export const behaviour = z.discriminatedUnion("command", [cookieTheft, homepageSet, osShutdown]);
