import { draw, drawWhole } from "../base/distribution.ts";
import type { Random } from "../base/random.ts";
import type { ZeusBehaviour } from "./behaviour.ts";
import type { Answer, Order } from "./message.ts";

/** One answer of a session: what it says and how long its body is, bytes. */
export interface PlannedAnswer {
  readonly answer: Answer;
  readonly length: number;
}

/**
 * Everything that the C&C says in one session, decided when the session begins: the n-th *.php request gets the n-th
 * answer. So a session does not depend on timing, and a request that is sent again gets the same answer again.
 *
 * The order comes somewhere after the report-in, early enough that what it makes the bot send fits into the session;
 * a shutdown is the session's last act.
 */
export function planSession(behaviour: ZeusBehaviour, random: Random): readonly PlannedAnswer[] {
  const requests = Math.max(3, drawWhole(random, behaviour.requests));
  const level = draw(random, behaviour.answerBytes);
  const { order, at } = placeOrder(behaviour, requests, random);
  return Array.from({ length: requests }, (_, i): PlannedAnswer => {
    const spread = random.normal(0, behaviour.answerSpread);
    const { min, max } = behaviour.answerBytes;
    const length = Math.round(Math.min(max, Math.max(min, level * (1 + spread))));
    return {
      answer: {
        next: i === requests - 1 ? "sleep" : "continue",
        order: i + 1 === at ? order : null,
      },
      length,
    };
  });
}

/** Which order comes with the answer to which request, counted from 1. */
function placeOrder(
  behaviour: ZeusBehaviour,
  requests: number,
  random: Random,
): { readonly order: Order; readonly at: number } {
  switch (behaviour.command) {
    case "user_cookies_get": {
      const posts = Math.round(requests * random.uniform(0.3, 0.6));
      const fitting = Math.max(1, Math.min(requests - 2, posts));
      return {
        order: { command: behaviour.command, posts: fitting },
        at: random.int(2, requests - fitting),
      };
    }
    case "user_homepage_set":
      return {
        order: { command: behaviour.command, homepage: behaviour.homepage },
        at: random.int(2, requests - 1),
      };
    case "os_shutdown":
      return { order: { command: behaviour.command }, at: requests - 1 };
  }
}
