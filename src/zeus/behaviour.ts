import type { Distribution } from "../base/distribution.ts";

interface Traffic {
  /** Level of the answers' length in one session, bytes; the single answers spread around it by `answerSpread`. */
  readonly answerBytes: Distribution;
  /** Standard deviation of the single answers as a part of the session's level. */
  readonly answerSpread: number;
  /** Number of *.php requests in one session. */
  readonly requests: Distribution;
}

/** A behaviour type: the command that the C&C gives, and how its sessions look on the wire. Plain JSON. */
export type ZeusBehaviour = Traffic &
  (
    | { readonly command: "user_cookies_get" }
    | { readonly command: "user_homepage_set"; readonly homepage: string }
    | { readonly command: "os_shutdown" }
  );
