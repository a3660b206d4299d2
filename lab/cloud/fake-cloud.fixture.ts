import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { JournalEntry } from "../state/journal.ts";
import { CloudApi } from "./api.ts";
import type { Credentials } from "./credentials.ts";

type Thing = Record<string, unknown> & { id: string; name: string };
type Things = Map<string, Thing>;

interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

/** By collection, the word around one thing of it. */
const WORDS: Readonly<Record<string, string>> = {
  servers: "server",
  flavors: "flavor",
  volumes: "volume",
  networks: "network",
  subnets: "subnet",
  ports: "port",
  "security-groups": "security_group",
};

/** A cloud of one process: what is made there is listed, and is in the state that the test wants. */
export class FakeCloud implements AsyncDisposable {
  readonly requests: string[] = [];
  /** Answers that come before the cloud's own: by method and the end of the path. */
  readonly answers = new Map<string, Reply[]>();
  readonly things = new Map<string, Things>();
  /** What a new thing has besides what was asked for. */
  readonly defaults: Record<string, Record<string, unknown>> = {
    servers: { status: "ACTIVE", "OS-EXT-STS:task_state": null },
    volumes: { status: "available", attachments: [] },
    images: { status: "active" },
    networks: { mtu: 1450 },
    "security-groups": { security_group_rules: [{ id: "rule-1" }] },
  };
  logIns = 0;
  readonly #server: Server;
  #made = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      void read(request).then((text) => {
        const { status, body } = this.#answer(request, text);
        response.writeHead(status, {
          "Content-Type": "application/json",
          "X-Subject-Token": `token-${this.logIns}`,
        });
        response.end(body === undefined ? "" : JSON.stringify(body));
      });
    });
  }

  static async start(): Promise<FakeCloud> {
    const cloud = new FakeCloud();
    await new Promise<void>((resolve) => cloud.#server.listen(0, "127.0.0.1", resolve));
    return cloud;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get credentials(): Credentials {
    return { authUrl: `${this.url}/v3`, region: null, interface: "public", auth: {} };
  }

  connect(): Promise<CloudApi> {
    return CloudApi.connect(this.credentials);
  }

  /** The next requests of this kind are answered so, each by one. */
  answer(request: string, ...replies: Reply[]): void {
    this.answers.set(request, replies);
  }

  all(collection: string): Thing[] {
    return [...(this.things.get(collection)?.values() ?? [])];
  }

  put(collection: string, thing: Thing): void {
    const things = this.things.get(collection) ?? new Map<string, Thing>();
    things.set(thing.id, thing);
    this.things.set(collection, things);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer({ method = "", url = "" }: IncomingMessage, text: string): Reply {
    const [path = ""] = url.split("?");
    this.requests.push(`${method} ${path}`);
    for (const [request, replies] of this.answers) {
      const [wanted, end = ""] = request.split(" ");
      if (method !== wanted || !path.endsWith(end)) continue;
      const reply = replies.shift();
      if (reply !== undefined) return reply;
    }
    if (path === "/v3/auth/tokens") return this.#token();
    const [collection = "", id, more] = path.split("/").slice(path.startsWith("/n/") ? 3 : 2);
    const things = this.things.get(collection) ?? new Map<string, Thing>();
    if (more !== undefined || collection.endsWith("rules")) return { status: 202, body: {} };
    const body: unknown = text === "" ? {} : JSON.parse(text);
    if (method === "POST") return this.#make(collection, body);
    if (id === undefined)
      return { status: 200, body: { [plural(collection)]: [...things.values()] } };
    const thing = things.get(id);
    if (thing === undefined) return { status: 404, body: { itemNotFound: { message: "gone" } } };
    if (method === "DELETE") return things.delete(id) ? { status: 204 } : { status: 404 };
    return { status: 200, body: wrapped(collection, thing) };
  }

  #make(collection: string, body: unknown): Reply {
    const add = (fields: object): Thing => {
      const id = `${collection}-${++this.#made}`;
      const thing = { name: "", ...fields, ...this.defaults[collection], id };
      this.put(collection, thing);
      return thing;
    };
    const many: unknown = Reflect.get(body as object, collection);
    if (Array.isArray(many)) return { status: 201, body: { [collection]: many.map(add) } };
    const word = WORDS[collection];
    const fields: unknown = word === undefined ? body : Reflect.get(body as object, word);
    return { status: 201, body: wrapped(collection, add(fields as object)) };
  }

  #token(): Reply {
    this.logIns++;
    const service = (type: string, path: string) => ({
      type,
      endpoints: [{ interface: "public", region_id: "RegionOne", url: `${this.url}${path}` }],
    });
    const catalog = [
      service("compute", "/c"),
      service("network", "/n"),
      service("volumev3", "/v"),
      service("image", "/v2"),
    ];
    return { status: 201, body: { token: { catalog } } };
  }
}

/** A journal in memory. */
export function notes(): {
  entries: JournalEntry[];
  add(entry: JournalEntry): void;
  close(): void;
} {
  const entries: JournalEntry[] = [];
  return { entries, add: (entry) => entries.push(entry), close: () => {} };
}

function wrapped(collection: string, thing: Thing): unknown {
  const word = WORDS[collection];
  return word === undefined ? thing : { [word]: thing };
}

function plural(collection: string): string {
  return collection.replaceAll("-", "_");
}

async function read(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString();
  return request.headers["content-type"] === "application/json" ? text : "";
}
