import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { CloudError, errorOf } from "./cloud-error.ts";
import type { Credentials } from "./credentials.ts";

/** One answer: nova is slow while it makes a server, and an API that takes longer is none. */
const ANSWER_MS_MAX = 60_000;
/** What was asked for without changing anything is asked again where nobody was there to answer. */
const ATTEMPTS_MAX = 4;
const RETRY_MS = 500;
/** Tags of servers need 2.52; every cloud since 2018 has this one. */
const COMPUTE_VERSION = "2.60";

/** The services that the driver asks. Catalogues name the one for volumes in two ways. */
const TYPES = {
  compute: ["compute"],
  network: ["network"],
  volume: ["block-storage", "volumev3"],
  image: ["image"],
} as const;

export type Service = keyof typeof TYPES;

const tokenSchema = z.object({
  token: z.object({
    catalog: z.array(
      z.object({
        type: z.string(),
        endpoints: z.array(
          z.object({ interface: z.string(), region_id: z.string().nullish(), url: z.string() }),
        ),
      }),
    ),
  }),
});

type Catalogue = z.infer<typeof tokenSchema>["token"]["catalog"];

interface Session {
  readonly token: string;
  readonly catalogue: Catalogue;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A cloud's APIs, as one user. Every call rejects with CloudError when the cloud does not do what it was asked for. */
export class CloudApi {
  readonly #credentials: Credentials;
  #session: Session;

  private constructor(credentials: Credentials, session: Session) {
    this.#credentials = credentials;
    this.#session = session;
  }

  static async connect(credentials: Credentials): Promise<CloudApi> {
    return new CloudApi(credentials, await logIn(credentials));
  }

  get<T>(service: Service, path: string, schema: z.ZodType<T>): Promise<T> {
    return this.#call(service, "GET", path, schema);
  }

  post<T>(service: Service, path: string, body: object, schema: z.ZodType<T>): Promise<T> {
    return this.#call(service, "POST", path, schema, JSON.stringify(body));
  }

  /** A request whose answer says nothing. */
  async act(
    service: Service,
    method: "POST" | "PUT" | "DELETE",
    path: string,
    body?: object,
  ): Promise<void> {
    await this.#ask(service, method, path, body === undefined ? undefined : JSON.stringify(body));
  }

  /** Send a file. */
  async upload(service: Service, path: string, bytes: Blob): Promise<void> {
    await this.#ask(service, "PUT", path, bytes);
  }

  async #call<T>(
    service: Service,
    method: string,
    path: string,
    schema: z.ZodType<T>,
    body?: string,
  ): Promise<T> {
    const { text } = await this.#ask(service, method, path, body);
    const parsed = schema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    throw new CloudError("broken", `this is no answer to it: ${z.prettifyError(parsed.error)}`, {
      where: `${service} ${method} ${path}`,
    });
  }

  async #ask(
    service: Service,
    method: string,
    path: string,
    body?: string | Blob,
  ): Promise<Answer> {
    const where = `${service} ${method} ${path}`;
    const send = () => {
      const { token } = this.#session;
      const type = body instanceof Blob ? "application/octet-stream" : "application/json";
      return request(`${this.#endpoint(service)}${path}`, where, {
        method,
        headers: {
          "X-Auth-Token": token,
          Accept: "application/json",
          "Content-Type": type,
          ...(service === "compute" ? { "X-OpenStack-Nova-API-Version": COMPUTE_VERSION } : {}),
        },
        ...(body === undefined ? {} : { body }),
      });
    };
    let answer = await send();
    if (answer.status === 401) {
      // The token has run out.
      this.#session = await logIn(this.#credentials);
      answer = await send();
    }
    if (answer.status >= 300) throw errorOf(answer.status, answer.text, where);
    return answer;
  }

  #endpoint(service: Service): string {
    const { interface: wanted, region } = this.#credentials;
    const types: readonly string[] = TYPES[service];
    const found = this.#session.catalogue
      .filter(({ type }) => types.includes(type))
      .flatMap(({ endpoints }) => endpoints)
      .find((one) => one.interface === wanted && (region === null || one.region_id === region));
    if (found === undefined) {
      throw new CloudError("absent", `the cloud has no service ${types.join(" or ")}`, {
        where: region === null ? wanted : `${region}, ${wanted}`,
      });
    }
    const url = found.url.replace(/\/+$/, "");
    if (service === "network" && !/\/v2\.0$/.test(url)) return `${url}/v2.0`;
    if (service === "image" && !/\/v2$/.test(url)) return `${url}/v2`;
    return url;
  }
}

async function logIn({ authUrl, auth }: Credentials): Promise<Session> {
  const url = `${authUrl}/auth/tokens`;
  const answer = await request(url, url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ auth }),
  });
  if (answer.status >= 300) throw errorOf(answer.status, answer.text, url);
  const { token } = tokenSchema.parse(JSON.parse(answer.text));
  return { token: answer.headers.get("x-subject-token") ?? "", catalogue: token.catalog };
}

/** Ask again where nobody answered, or a proxy in between; not what may have been done already. */
async function request(url: string, where: string, init: RequestInit): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const isLast = init.method !== "GET" || attempt === ATTEMPTS_MAX;
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_MS_MAX) });
      const text = await response.text();
      const { status, headers } = response;
      if (isLast || ![502, 503, 504].includes(status)) return { status, headers, text };
    } catch (error) {
      if (isLast) {
        throw new CloudError("unreachable", reasonOf(error), {
          where,
          mend: "is the cloud up, and can this machine reach it?",
          cause: error,
        });
      }
    }
    await wait(RETRY_MS * attempt);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${ANSWER_MS_MAX / 1000} s`;
  // fetch says only that it failed; why is below.
  const { cause } = error;
  return cause instanceof Error ? cause.message : error.message;
}
