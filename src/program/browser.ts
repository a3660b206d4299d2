import { draw, drawWhole } from "../base/distribution.ts";
import type { Random } from "../base/random.ts";
import type { ProgramHost } from "../host/host.ts";
import { HttpClient, type HttpRequest } from "../host/http-client.ts";
import type { BrowserProgram, SiteKind } from "./spec.ts";

/** Pages that a site has, by number. */
const PAGES = 50;
/** Part of the visits to a *.php page that send a form. */
const FORM_PART = 0.2;

type Step = Pick<HttpRequest, "method" | "uri" | "headers" | "body">;

/**
 * A benign client: visits one site in sessions with pauses between the pages, over connections that are kept alive.
 * What fails is reported as `browser.failed` and left out.
 */
export async function runBrowser(program: BrowserProgram, host: ProgramHost): Promise<void> {
  for (let session = 1; session <= program.sessions; session++) {
    if (session > 1) {
      await host.timers.sleep(1000 * program.sessionGapS * host.random.uniform(1, 1.2));
    }
    const client = new HttpClient(host, program.server, { keepAlive: true });
    const pages = Math.max(1, drawWhole(host.random, program.requests));
    for (let i = 0; i < pages; i++) {
      if (i > 0) await host.timers.sleep(1000 * draw(host.random, program.thinkTimeS));
      for (const step of stepsOf(program.site, i, host.random)) {
        if (!(await visit(program, host, client, step))) return;
      }
    }
    client.close();
    host.report({ kind: "browser.session", session, pages });
  }
}

/** False when the host itself is gone. */
async function visit(
  program: BrowserProgram,
  host: ProgramHost,
  client: HttpClient,
  step: Step,
): Promise<boolean> {
  const { failure } = await client.request({ ...step, host: program.host });
  if (failure !== null) host.report({ kind: "browser.failed", uri: step.uri, reason: failure });
  return failure !== "ECLOSED";
}

/** What the i-th page of a visit makes a browser ask for. */
function stepsOf(site: SiteKind, i: number, random: Random): Step[] {
  const number = random.int(1, PAGES);
  switch (site) {
    case "static-site":
      return [get(`/page${number}.html`), get(`/picture${number}.png`)];
    case "php-site": {
      const first = i === 0 ? [get("/style.css")] : [];
      return random.chance(FORM_PART)
        ? [form(`/search.php?page=${number}`, random), ...first]
        : [get(`/index.php?page=${number}`), ...first];
    }
    case "api-poller":
      return [get(`/check.php?since=${number}`)];
    case "download":
      return [get(`/file${number}.zip`)];
  }
}

function get(uri: string): Step {
  return { method: "GET", uri };
}

function form(uri: string, random: Random): Step {
  const body = new TextEncoder().encode(`words=${"lab+".repeat(random.int(1, 12))}`);
  return {
    method: "POST",
    uri,
    headers: [["Content-Type", "application/x-www-form-urlencoded"]],
    body,
  };
}
