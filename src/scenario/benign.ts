import { z } from "zod";
import { distribution } from "./distribution.ts";
import { address, hostName, name, port } from "./name.ts";

const siteKinds = ["static-site", "php-site", "api-poller", "download"] as const;

/** A benign server on the outside. */
const site = z.strictObject({
  kind: z
    .enum(siteKinds)
    .describe(
      "static-site: HTML with images; php-site: pages made by *.php; api-poller: short *.php answers; download: few large files.",
    ),
  address: address.describe("IPv4 address on the outside network."),
  port: port.default(80),
  host: hostName.describe("The Host header of requests to it."),
  page_bytes: distribution(
    { mean: 9000, sd: 3000, min: 400, max: 30_000 },
    "Length of a page in bytes.",
  ),
});

/** Benign clients on the private network that visit one site. */
const visitors = z.strictObject({
  site: name.describe("The site that is visited: a name from `sites`."),
  clients: z.int().min(1).max(64).default(1).describe("How many instances do this."),
  sessions: z.int().min(1).max(100).default(3).describe("Visits of each client."),
  requests: distribution({ mean: 4, sd: 1.5, min: 1, max: 40 }, "Pages asked for in one visit."),
  think_time_s: distribution(
    { mean: 6, sd: 4, min: 0.5, max: 40 },
    "Time between two pages of a visit in seconds.",
  ),
});

export const benign = z
  .strictObject({
    sites: z.record(name, site).default({}).describe("Benign servers by name."),
    visitors: z.array(visitors).max(64).default([]).describe("Who visits them."),
  })
  .prefault({});
