import { join } from "node:path";

/** What somebody would use instead of `extract`, all of it packages of Debian. */
export interface Peer {
  readonly name: string;
  /** The package of apt. */
  readonly package: string;
  readonly does: string;
  /** For the shell. */
  readonly command: (file: string) => string;
  /** Exits with 0 where the peer can be run. */
  readonly probe: string;
}

const DPKT_SCRIPT = join(import.meta.dirname, "peer-dpkt.py");
/** Debian's own: another one does not see Debian's packages. */
const PYTHON = "/usr/bin/python3";

export const PEERS: readonly Peer[] = [
  {
    name: "capinfos",
    package: "wireshark-common",
    does: "reads only",
    command: (file) => `capinfos -c -s -d -u '${file}'`,
    probe: "command -v capinfos",
  },
  {
    name: "tcpdump",
    package: "tcpdump",
    does: "reads and writes",
    command: (file) => `tcpdump -r '${file}' -w /dev/null`,
    probe: "command -v tcpdump",
  },
  {
    name: "httpry",
    package: "httpry",
    does: "header lines; no reassembly, no bodies",
    command: (file) => `httpry -r '${file}'`,
    probe: "command -v httpry",
  },
  {
    name: "ngrep",
    package: "ngrep",
    does: "start lines, no reassembly",
    command: (file) => `ngrep -I '${file}' -q -W byline '^(GET|POST|HEAD|HTTP)' tcp`,
    probe: "command -v ngrep",
  },
  {
    name: "tcpflow",
    package: "tcpflow",
    does: "reassembles",
    command: (file) => `tcpflow -C -r '${file}'`,
    probe: "command -v tcpflow",
  },
  {
    name: "python3-dpkt",
    package: "python3-dpkt",
    does: "in-order reassembly, lengths",
    command: (file) => `${PYTHON} '${DPKT_SCRIPT}' '${file}'`,
    probe: `${PYTHON} -c 'import dpkt'`,
  },
  {
    name: "tshark",
    package: "tshark",
    does: "dissects everything",
    command: (file) =>
      `tshark -r '${file}' -Y http -T fields -e http.request.uri -e http.response.code`,
    probe: "command -v tshark",
  },
];
