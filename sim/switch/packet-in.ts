import { extractKey } from "./key.ts";
import { PACKET_WORD, W } from "./layout.ts";
import type { Operation } from "./operation.ts";
import type { PacketIn } from "./output.ts";
import type { Packet } from "./packet.ts";

type ControllerOperation = Extract<Operation, { op: "controller" }>;

/** What the controller is told of a packet. `before`: its key when the walk began. */
export function packetInOf(
  packet: Packet,
  operation: ControllerOperation,
  before: Int32Array,
): PacketIn {
  const { reason, userdata, table, cookie } = operation;
  return {
    reason: REASONS_OF_1_0.has(reason) ? reason : "action",
    ...(userdata === undefined ? {} : { userdata }),
    table,
    cookie,
    totalBytes: packet.bytes.length,
    key: keyAt(packet, operation, before),
  };
}

/** What a controller that speaks OpenFlow 1.0 can be told; everything else is `action` to it. */
const REASONS_OF_1_0: ReadonlySet<string> = new Set(["no_match", "action", "invalid_ttl"]);

/** The key as it was when the packet went to the controller. */
function keyAt(
  packet: Packet,
  { words, ctCleared }: ControllerOperation,
  before: Int32Array,
): Int32Array {
  const key = before.slice();
  // Of a copy: whoever comes next must still see that the packet has changed.
  if (packet.changed) extractKey(packet.clone(), key);
  for (let j = 0; j < words.length; j += 3) {
    const w = words[j]!;
    key[w] = (key[w]! & ~words[j + 2]!) | words[j + 1]!;
  }
  if (ctCleared) key.fill(0, W.ctState, PACKET_WORD);
  return key;
}
