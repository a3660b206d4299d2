/**
 * What `vagrant --machine-readable` prints: `time,machine,type,data…` in a line, with commas and line ends of the data
 * written as words (Vagrant's documentation, "Machine Readable Output"). Programs that Vagrant starts print their own
 * lines in between.
 */

export interface VagrantEvent {
  /** Unix time, seconds. */
  readonly timeS: number;
  /** The machine's name; empty where the line is about none of them. */
  readonly machine: string;
  readonly type: string;
  readonly data: readonly string[];
}

/** The event of a line, or `null` where the line is none. */
export function parseEvent(line: string): VagrantEvent | null {
  const [time = "", machine, type, ...data] = line.replace(/\r$/, "").split(",");
  if (!/^\d{9,11}$/.test(time) || machine === undefined || type === undefined || type === "")
    return null;
  return { timeS: Number(time), machine, type, data: data.map(plain) };
}

/** What a human should read of an event, or `null`. */
export function messageOf({ type, data }: VagrantEvent): string | null {
  switch (type) {
    case "ui":
      // The kind (say, output, detail, info, warn, error), then the text.
      return data[1] ?? null;
    case "error-exit":
      // The error's class, then the text.
      return data[1] ?? data[0] ?? null;
    default:
      return null;
  }
}

/** The state of each machine, by name: `running`, `not_created`, … */
export function statesOf(events: Iterable<VagrantEvent>): ReadonlyMap<string, string> {
  const states = new Map<string, string>();
  for (const { machine, type, data } of events)
    if (type === "state" && machine !== "") states.set(machine, data[0] ?? "");
  return states;
}

/** Names of a machine's snapshots, in the order of `vagrant snapshot list`. */
export function snapshotsOf(events: Iterable<VagrantEvent>): readonly string[] {
  const names: string[] = [];
  for (const { type, data } of events) {
    const [kind, text = ""] = data;
    // "==> devstack: " stands before what is said, and not before what is put out.
    if (type === "ui" && (kind === "output" || kind === "detail") && /^[\w.-]+$/.test(text.trim()))
      names.push(text.trim());
  }
  return names;
}

/** The error with which Vagrant ended, in one line; `null` where it told of none. */
export function errorOf(events: Iterable<VagrantEvent>): string | null {
  let found: string | null = null;
  for (const event of events)
    if (event.type === "error-exit") found = (messageOf(event) ?? "").replace(/\s+/g, " ").trim();
  return found;
}

function plain(text: string): string {
  return text.replaceAll("%!(VAGRANT_COMMA)", ",").replaceAll("\\n", "\n").replaceAll("\\r", "\r");
}
