import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { InputError, LabUnavailableError } from "../../src/base/errors.ts";
import { textOf } from "../../src/base/files.ts";

/** How to log in to a cloud: what the `openstack` client takes from `clouds.yaml` or from `OS_*`. */
export interface Credentials {
  /** Keystone, for instance `http://127.0.0.1:5000/v3`. */
  readonly authUrl: string;
  readonly region: string | null;
  /** Which of the catalogue's addresses: `public`, `internal` or `admin`. */
  readonly interface: string;
  /** Keystone's `auth` object, as it is sent. It holds the secret: never print it. */
  readonly auth: object;
}

type Variables = Readonly<Record<string, string | undefined>>;

const text = z.string().min(1);
const authSchema = z.object({
  auth_url: text,
  username: text.optional(),
  user_id: text.optional(),
  password: text.optional(),
  project_name: text.optional(),
  project_id: text.optional(),
  user_domain_name: text.optional(),
  user_domain_id: text.optional(),
  project_domain_name: text.optional(),
  project_domain_id: text.optional(),
  application_credential_id: text.optional(),
  application_credential_secret: text.optional(),
});
const cloudSchema = z.object({
  auth: authSchema,
  region_name: text.optional(),
  interface: text.optional(),
});
const cloudsSchema = z.object({ clouds: z.record(z.string(), cloudSchema) });

/** The words of `auth` that are variables, too: `OS_AUTH_URL` for `auth_url`. */
const WORDS = Object.keys(authSchema.shape);

/** Whether somebody has said which cloud is meant. */
export function hasCloud(variables: Variables): boolean {
  return ["OS_CLOUD", "OS_AUTH_URL"].some((name) => (variables[name] ?? "") !== "");
}

/**
 * Credentials from `OS_CLOUD` and a `clouds.yaml`, or else from `OS_AUTH_URL`, `OS_USERNAME` and the like. Rejects with
 * LabUnavailableError where there are none, with InputError where the file is not what it should be.
 */
export async function readCredentials(variables: Variables): Promise<Credentials> {
  const name = variables.OS_CLOUD ?? "";
  const cloud = name === "" ? fromVariables(variables) : await fromFile(name, variables);
  const where = name === "" ? "OS_*" : `cloud ${name}`;
  return {
    authUrl: cloud.auth.auth_url.replace(/\/+$/, "").replace(/(?<!\/v3)$/, "/v3"),
    region: variables.OS_REGION_NAME ?? cloud.region_name ?? null,
    interface: (variables.OS_INTERFACE ?? cloud.interface ?? "public").replace(/URL$/, ""),
    auth: authOf(cloud.auth, where),
  };
}

function fromVariables(variables: Variables): z.infer<typeof cloudSchema> {
  const entries = WORDS.map((word) => [word, variables[`OS_${word.toUpperCase()}`]] as const);
  const auth = Object.fromEntries(entries.filter(([, value]) => (value ?? "") !== ""));
  const parsed = authSchema.safeParse(auth);
  if (parsed.success) return { auth: parsed.data };
  throw new LabUnavailableError("nobody has said which cloud is meant", {
    mend: "set OS_CLOUD to a cloud of your clouds.yaml, or OS_AUTH_URL and its companions; or `isoreplay deploy --lab openstack`",
  });
}

async function fromFile(name: string, variables: Variables): Promise<z.infer<typeof cloudSchema>> {
  const named = variables.OS_CLIENT_CONFIG_FILE;
  const files =
    named === undefined
      ? [
          "clouds.yaml",
          join(homedir(), ".config/openstack/clouds.yaml"),
          "/etc/openstack/clouds.yaml",
        ]
      : [named];
  for (const file of files) {
    const content = await textOf(file);
    if (content === "") continue;
    const parsed = cloudsSchema.safeParse(parse(content));
    if (!parsed.success) throw new InputError(z.prettifyError(parsed.error), { where: file });
    const cloud = parsed.data.clouds[name];
    if (cloud !== undefined) return cloud;
    throw new LabUnavailableError(`there is no cloud ${name}`, {
      where: file,
      mend: `OS_CLOUD=${Object.keys(parsed.data.clouds).join(" or ")}`,
    });
  }
  throw new LabUnavailableError(`there is no clouds.yaml to find the cloud ${name} in`, {
    where: files.join(", "),
    mend: "OS_CLIENT_CONFIG_FILE says where it is",
  });
}

/** Keystone's request (identity API v3, "password" and "application_credential" methods). */
function authOf(auth: z.infer<typeof authSchema>, where: string): object {
  const { application_credential_id: id, application_credential_secret: secret } = auth;
  if (id !== undefined && secret !== undefined)
    return {
      identity: { methods: ["application_credential"], application_credential: { id, secret } },
    };
  const { username, user_id, password, project_name, project_id } = auth;
  if (password === undefined || (username === undefined && user_id === undefined)) {
    throw new LabUnavailableError("user or password is missing", {
      where,
      mend: "OS_USERNAME and OS_PASSWORD, or the same in clouds.yaml",
    });
  }
  const domain = (domainId: string | undefined, domainName: string | undefined) =>
    domainName === undefined ? { id: domainId ?? "default" } : { name: domainName };
  const userDomain = domain(auth.user_domain_id, auth.user_domain_name);
  const projectDomain = domain(auth.project_domain_id, auth.project_domain_name);
  const user = user_id === undefined ? { name: username, domain: userDomain } : { id: user_id };
  const project =
    project_id === undefined ? { name: project_name, domain: projectDomain } : { id: project_id };
  return {
    identity: { methods: ["password"], password: { user: { ...user, password } } },
    scope: { project },
  };
}
