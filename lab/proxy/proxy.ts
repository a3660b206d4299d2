import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { LabUnavailableError } from "../../src/base/errors.ts";
import { formatEndpoint } from "../../src/base/net.ts";
import type { ProgramHost, ProxySpec } from "../../src/host/host.ts";
import type { Label } from "../../src/replay/label.ts";
import { Tape } from "../../src/replay/tape.ts";
import { EXECUTE } from "../command/runner.ts";
import { PYTHON } from "../packets/packet-socket.ts";
import { exchangesOf } from "./exchanges.ts";

const SCRIPT = fileURLToPath(new URL("recorded.py", import.meta.url));

type Said =
  | { readonly op: "up" }
  | {
      readonly op: "answer";
      readonly method: string;
      readonly uri: string;
      readonly label: Label;
      readonly bytes: number;
    };

export interface RunningProxy {
  /** Rejects with LabUnavailableError when it ends by itself. */
  readonly ended: Promise<void>;
  /** Resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * mitmproxy as the redirecting proxy of one server, in the host's network namespace. Its own server replay answers; what it
 * does not know gets the miss policy. Reports `replay.listening` once and each answer as `replay.answer`. Ends with this
 * process. `folder`: where it may keep files.
 */
export async function startProxy(
  { port, guest, server, tape, miss }: ProxySpec,
  host: Pick<ProgramHost, "report">,
  address: string,
  folder: string,
): Promise<RunningProxy> {
  const exchanges = exchangesOf(
    Tape.parse(tape, `the tape for ${guest}`),
    server.address,
    server.port,
  );
  const proxy = await EXECUTE.start(PYTHON, [SCRIPT], { name: "PROXY" });
  proxy.stdin.write(`${JSON.stringify({ address, port, folder, miss, exchanges })}\n`);
  createInterface({ input: proxy.stdout }).on("line", (line) => {
    const said = JSON.parse(line) as Said;
    if (said.op === "up") {
      host.report({ kind: "replay.listening", guest, port });
      return;
    }
    const { method, uri, label, bytes } = said;
    const counts = { recorded: 0, substituted: 0, refused: 0, [label]: bytes };
    host.report({
      kind: "replay.answer",
      guest,
      server: formatEndpoint(server),
      method,
      uri: uri.slice(0, 200),
      label,
      ...counts,
    });
  });
  let isStopping = false;
  return {
    ended: proxy.ended.then(() => {
      if (isStopping) return;
      throw new LabUnavailableError(`the proxy ended: ${proxy.complaint()}`, {
        mend: "it is mitmproxy: `sudo apt install mitmproxy`",
      });
    }),
    stop: async () => {
      isStopping = true;
      proxy.stdin.end();
      await proxy.ended;
    },
  };
}
