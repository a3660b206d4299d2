import { type Action, CONTROLLER_REASONS, type ControllerAction } from "./action.ts";
import { type ActionContext, type ActionParser, type Call, needArgument } from "./call.ts";
import { findField } from "./field.ts";
import { parsePort, parseTable } from "./parse-match.ts";
import { parseSubfield } from "./parse-subfield.ts";
import { type Piece, splitList } from "./piece.ts";
import { PORT, type PortRef, reservedPort } from "./port.ts";
import { isIp, meets } from "./prerequisite.ts";
import { requireVersion } from "./since.ts";
import { parseNumber } from "./value.ts";

/** Actions that send the packet somewhere: out, to the controller, to a group, or through a table. */
export const OUTPUTS: readonly (readonly [string, ActionParser])[] = [
  ["output", (call, context) => parseOutput(needArgument(call, "output:2"), context)],
  ["in_port", toReserved("in_port")],
  ["normal", toReserved("normal")],
  ["flood", toReserved("flood")],
  ["all", toReserved("all")],
  ["local", toReserved("local")],
  ["table", () => ({ kind: "output", port: PORT.table })],
  ["controller", parseController],
  ["enqueue", parseEnqueue],
  [
    "set_queue",
    (call) => ({ kind: "set_queue", queue: number(needArgument(call, "set_queue:1"), 32) }),
  ],
  ["pop_queue", () => ({ kind: "pop_queue" })],
  ["group", parseGroupAction],
  ["resubmit", parseResubmit],
  ["goto_table", parseGoto],
];

/** `PORT`, a field whose value is the port, or `port=PORT,max_len=N`. */
export function parseOutput(piece: Piece, context: ActionContext): Action {
  const isPort = context.ports?.has(piece.text) === true || reservedPort(piece.text) !== undefined;
  if (/\[.*\]$/.test(piece.text) || (!isPort && findField(piece.text) !== undefined)) {
    return { kind: "output_field", source: parseSubfield(piece, context) };
  }
  if (!/^(?:port|max_len)\s*=/.test(piece.text))
    return { kind: "output", port: outputPort(piece, context) };
  requireVersion(piece, context.version, "2.6", "max_len of output");
  let port: PortRef | null = null;
  let maxLength: number | null = null;
  for (const part of splitList(piece)) {
    const [key, value] = part.cut("=") ?? [part, part];
    if (key.text === "port") port = outputPort(value, context);
    else if (key.text === "max_len") maxLength = number(value, 32);
    else throw part.expected("port=PORT,max_len=BYTES");
  }
  if (port === null || maxLength === null) throw piece.expected("port=PORT,max_len=BYTES");
  if (maxLength < ETHERNET_BYTES)
    throw piece.error(`max_len is at least ${ETHERNET_BYTES}: a packet has an Ethernet header`);
  const isOwn = port === PORT.inPort || port === PORT.local;
  if (typeof port === "number" && port >= PORT.max && !isOwn)
    throw piece.error("only what goes to one port can be cut");
  return { kind: "output", port, maxLength };
}

const ETHERNET_BYTES = 14;

function outputPort(piece: Piece, { ports, version }: ActionContext): PortRef {
  const port = parsePort(piece, ports, version);
  const isReserved = typeof port === "number" && port >= PORT.max && port < PORT.inPort;
  if (isReserved || port === PORT.none)
    throw piece.error(`nothing can be sent to port ${piece.text}`);
  return port;
}

function number(piece: Piece, bits: number): number {
  return Number(parseNumber(piece, bits));
}

function toReserved(kind: "in_port" | "normal" | "flood" | "all" | "local"): ActionParser {
  return (call) => {
    if (call.argument !== null) throw call.argument.error(`${call.name.text} takes no argument`);
    return { kind };
  };
}

function parseController(call: Call, { version }: ActionContext): Action {
  const action: { -readonly [K in keyof ControllerAction]: ControllerAction[K] } = {
    kind: "controller",
    maxLength: 65535,
  };
  if (call.argument === null) return action;
  if (!call.parentheses) return { ...action, maxLength: number(call.argument, 16) };
  for (const part of splitList(call.argument)) {
    const [key, value] = part.cut("=") ?? [part, part.slice(part.text.length)];
    switch (key.text) {
      case "max_len":
        action.maxLength = number(value, 16);
        break;
      case "reason": {
        const reason = CONTROLLER_REASONS.find((name) => name === value.text);
        if (reason === undefined) throw value.expected(`one of ${CONTROLLER_REASONS.join(", ")}`);
        if (reason !== "action") action.reason = reason;
        else delete action.reason;
        break;
      }
      case "id":
        action.id = number(value, 16);
        break;
      case "userdata":
        requireVersion(key, version, "2.6", "userdata of controller");
        if (!/^(?:[0-9a-f]{2}\.?)*$/i.test(value.text))
          throw value.expected("bytes in hexadecimal, such as 01.ab");
        action.userdata = (value.text.match(/[0-9a-f]{2}/gi) ?? []).map((byte) =>
          Number.parseInt(byte, 16),
        );
        break;
      case "pause":
      case "meter_id":
        throw part.error(`${key.text} of controller is not supported here`);
      default:
        throw part.expected("max_len=, reason=, id= or userdata=");
    }
  }
  if (action.id === 0) delete action.id;
  return action;
}

/** `enqueue:PORT:QUEUE` or `enqueue(PORT,QUEUE)`, as OpenFlow 1.1 and later carry it. */
function parseEnqueue(call: Call, context: ActionContext): readonly Action[] {
  const argument = needArgument(call, "enqueue(2,1)");
  const parts = argument.cut(":") ?? argument.cut(",");
  if (parts === null) throw argument.expected("a port and a queue");
  return [
    { kind: "set_queue", queue: number(parts[1].trim(), 32) },
    { kind: "output", port: outputPort(parts[0].trim(), context) },
    { kind: "pop_queue" },
  ];
}

function parseGroupAction(call: Call): Action {
  return { kind: "group", group: number(needArgument(call, "group:1"), 32) };
}

function parseResubmit(call: Call, context: ActionContext): Action {
  const argument = needArgument(call, "resubmit(,1)");
  const [portText, rest] = argument.cut(",") ?? [argument, argument.slice(argument.text.length)];
  const [tableText, ctText] = rest.cut(",") ?? [rest, rest.slice(rest.text.length)];
  const read = (piece: Piece): PortRef | null => {
    if (piece.text === "") return null;
    const port = parsePort(piece, context.ports, context.version);
    return port === PORT.inPort ? null : port;
  };
  const port = read(portText.trim());
  const table = tableText.trim().text === "" ? null : parseTable(tableText.trim());
  if (portText.trim().text === "" && table === null)
    throw argument.expected("a port, a table or both");
  if (ctText.trim().text === "") return { kind: "resubmit", port, table };
  if (ctText.trim().text !== "ct") throw ctText.expected("ct");
  requireVersion(ctText, context.version, "2.7", "resubmit(…,ct)");
  const { match } = context;
  if (match !== null && !(isIp(match) && meets(match, "ct")))
    throw ctText.error(
      "resubmit(…,ct) needs ip or ipv6, and a valid ct_state, in the rule's match",
    );
  return { kind: "resubmit", port, table, ct: true };
}

function parseGoto(call: Call, context: ActionContext): Action {
  const argument = needArgument(call, "goto_table:1");
  const table = parseTable(argument);
  if (table <= context.table) {
    throw argument.error(`goto_table goes only forward, from ${context.table} to a higher table`);
  }
  return { kind: "goto_table", table };
}
