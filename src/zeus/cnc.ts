import { drawWhole } from "../base/distribution.ts";
import type { ProgramHost } from "../host/host.ts";
import { type Reply, serveHttp } from "../host/http-server.ts";
import type { RequestMessage } from "../http/message.ts";
import { openReport, sealAnswer, sealConfig } from "./message.ts";
import type { CncProgram } from "./program.ts";
import { type PlannedAnswer, planSession } from "./session-plan.ts";

interface Session {
  /** Counts from 1 for each bot. */
  readonly number: number;
  readonly plan: readonly PlannedAnswer[];
  /** The furthest request so far. */
  reached: number;
}

/**
 * The emulated C&C. It hands out the configuration and answers each request of the gate by the session's plan. Draws
 * depend on the seed, the bot's identifier and the session's number alone, not on when or between which others a request comes.
 */
export async function runCnc(program: CncProgram, host: ProgramHost): Promise<void> {
  const cnc = new Cnc(program, host);
  await serveHttp(host, program.port, (request) => cnc.answer(request));
}

class Cnc {
  readonly #program: CncProgram;
  readonly #host: ProgramHost;
  readonly #config: Uint8Array;
  readonly #sessions = new Map<string, Session>();

  constructor(program: CncProgram, host: ProgramHost) {
    const { protocol } = program;
    this.#program = program;
    this.#host = host;
    const length = drawWhole(host.random.fork("config"), program.configBytes);
    this.#config = sealConfig(protocol.gatePath, length, protocol.key);
  }

  answer(request: RequestMessage): Reply {
    const { protocol } = this.#program;
    const [path = "", query = ""] = request.uri.split("?", 2);
    if (path === protocol.configPath) return found(this.#config, "application/octet-stream");
    if (path !== protocol.gatePath) return this.#refuse(request, "no such path");
    const parameters = new URLSearchParams(query);
    const bot = parameters.get("id") ?? "";
    const n = Number(parameters.get("n"));
    const behaviour = Object.hasOwn(this.#program.bots, bot) ? this.#program.bots[bot] : undefined;
    if (behaviour === undefined) return this.#refuse(request, "unknown bot");
    if (!Number.isInteger(n) || n < 1) return this.#refuse(request, "no request number");
    const session = this.#session(bot, behaviour, n);
    session.reached = Math.max(session.reached, n);
    if (request.method === "POST") this.#note(bot, request.body);
    // Past the end, the bot is told to sleep again.
    const planned = session.plan[Math.min(n, session.plan.length) - 1];
    if (planned === undefined) throw new RangeError("a session plan has no answers");
    return found(sealAnswer(planned.answer, planned.length, protocol.key), "text/html");
  }

  /** A report-in starts a session, unless it only repeats the report-in of the one that has just begun. */
  #session(bot: string, name: string, n: number): Session {
    const current = this.#sessions.get(bot);
    if (current !== undefined && (n > 1 || current.reached <= 1)) return current;
    const number = (current?.number ?? 0) + 1;
    const behaviour = this.#program.behaviours[name];
    if (behaviour === undefined) throw new RangeError(`the C&C has no behaviour ${name}`);
    const plan = planSession(behaviour, this.#host.random.fork(`session ${bot} ${number}`));
    const session = { number, plan, reached: 0 };
    this.#sessions.set(bot, session);
    this.#host.report({
      kind: "cnc.session",
      bot,
      session: number,
      behaviour: name,
      requests: plan.length,
    });
    return session;
  }

  #note(bot: string, body: Uint8Array): void {
    const report = openReport(body, this.#program.protocol.key);
    this.#host.report({
      kind: "cnc.report",
      bot,
      about: report?.about ?? "garbage",
      part: report?.part ?? 0,
      bytes: body.length,
    });
  }

  #refuse(request: RequestMessage, reason: string): Reply {
    this.#host.report({ kind: "cnc.refused", uri: request.uri.slice(0, 200), reason });
    return { response: { status: 404, headers: [["Content-Type", "text/html"]] } };
  }
}

function found(body: Uint8Array, contentType: string): Reply {
  return { response: { status: 200, headers: [["Content-Type", contentType]], body } };
}
