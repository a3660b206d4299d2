import { FILE_CASES } from "./cases-file.ts";
import { HTTP_CASES } from "./cases-http.ts";
import { IP_CASES } from "./cases-ip.ts";
import { LINK_CASES } from "./cases-link.ts";
import { TCP_DATA_CASES } from "./cases-tcp-data.ts";
import { TCP_OPEN_CASES } from "./cases-tcp-open.ts";
import type { GoldenCase } from "./golden-case.ts";

export const GOLDEN_CASES: readonly GoldenCase[] = [
  ...LINK_CASES,
  ...FILE_CASES,
  ...IP_CASES,
  ...TCP_OPEN_CASES,
  ...TCP_DATA_CASES,
  ...HTTP_CASES,
];
