import type { Random } from "../base/random.ts";
import type { Cookie, Volume } from "../host/guest.ts";

/** The homepage that every volume starts with. */
export const FIRST_HOMEPAGE = "http://home.example/";

const SITES = ["bank.example", "mail.example", "shop.example", "forum.example", "news.example"];
const NAMES = ["session", "user", "basket", "language", "consent", "token"];

/** A fresh volume with synthetic cookies. Nothing in it comes from a real browser. */
export function createVolume(botId: string, cookies: number, random: Random): Volume {
  const jar: Cookie[] = Array.from({ length: cookies }, (_, i) => ({
    site: random.pick(SITES),
    name: `${random.pick(NAMES)}${i}`,
    value: Buffer.from(random.bytes(random.int(8, 24))).toString("hex"),
  }));
  return { botId, cookies: jar, homepage: FIRST_HOMEPAGE };
}
