import { Tracer } from "../../../sim/trace/tracer.ts";
import { EXIT, type ExitStatus, UsageError } from "../../base/errors.ts";
import { buildPacket } from "../../trace/build-packet.ts";
import { Conversations } from "../../trace/conversation.ts";
import { type PacketTrace, TRACE_VERSION, type Trace } from "../../trace/record.ts";
import { readRuleFile } from "../../trace/rule-file.ts";
import { renderText } from "../../trace/text.ts";
import { readText, writeWhole } from "../files.ts";
import type { Io } from "../io.ts";
import { givenPackets, InPorts, namedPorts } from "../traced-packets.ts";

export interface TraceOptions {
  readonly packet?: readonly string[];
  readonly packets?: string;
  readonly capture?: string;
  readonly inPort?: readonly string[];
  readonly port?: readonly string[];
  /** Seconds. */
  readonly gap: number;
  readonly html?: string;
  readonly json?: boolean;
}

/** Send packets through the rules of a file, one after the other, and tell each step. Throws InputError and UsageError. */
export async function trace(
  file: string,
  texts: readonly string[],
  options: TraceOptions,
  io: Io,
): Promise<ExitStatus> {
  const rules = readRuleFile(await readText(file), file, namedPorts(options.port ?? []));
  const tracer = new Tracer(rules);
  const names = new Map(
    tracer.ports.flatMap(({ name, number }) => (name === null ? [] : [[name, number] as const])),
  );
  const inPorts = new InPorts(options.inPort ?? [], names);
  const sources = {
    texts: [...texts, ...(options.packet ?? [])],
    packets: options.packets,
    capture: options.capture,
    gapMs: options.gap * 1_000,
  };
  const given = await givenPackets(sources, names, io);
  if (given.length === 0)
    throw new UsageError("there is no packet to trace", {
      mend: `isoreplay trace ${file} in_port=1,tcp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_dst=80`,
    });
  const conversations = new Conversations();
  const packets: PacketTrace[] = [];
  for (const packet of given) {
    const bytes = buildPacket(packet.spec, conversations);
    const inPort = inPorts.of(packet, bytes);
    conversations.saw(bytes);
    const traced = tracer.trace({ given: packet.given, inPort, bytes, timeMs: packet.timeMs });
    for (const output of traced.outputs) conversations.saw(Buffer.from(output.packet, "hex"));
    packets.push(traced);
  }
  await tell(
    { kind: "isoreplay-trace", version: TRACE_VERSION, rules: file, ports: tracer.ports, packets },
    options,
    io,
  );
  return EXIT.pass;
}

async function tell(result: Trace, { html, json }: TraceOptions, io: Io): Promise<void> {
  if (html !== undefined) {
    const { renderPage } = await import("../../trace/page.ts");
    await writeWhole(html, renderPage(result));
  }
  if (json === true) io.out.line(JSON.stringify(result));
  else for (const line of renderText(result)) io.out.line(line);
  await io.out.flush();
  if (html !== undefined) io.note(`page: ${html}`);
}
