import { InputError } from "../../src/base/errors.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";

/** What of a scenario concerns the guest. */
type Agreed = Pick<Scenario, "zeus" | "session_gap_s">;

/** The text of `guest/bot.conf` for a guest of this scenario. Throws InputError for what the generator cannot do. */
export function guestConf({ zeus, session_gap_s }: Agreed, botId: string): string {
  const { cnc } = zeus;
  if (zeus.connection !== "per-request")
    throw new InputError("the generator on Windows makes one connection for each request", {
      where: "zeus.connection",
      mend: "connection: per-request",
    });
  return `# The generator's settings, from a scenario.
bot-id: ${botId}
cnc-address: ${cnc.address}
cnc-port: ${cnc.port}
host: ${cnc.host}
config-path: ${zeus.config_path}
key: ${zeus.key}
poll-interval-s: ${zeus.poll_interval_s.mean}
session-gap-s: ${session_gap_s}
# How many times as fast as the clock pauses pass.
speed: 1
# Whether a shutdown that the C&C orders really switches this guest off. Otherwise it is only written down.
real-shutdown: ${zeus.real_shutdown}
`;
}
