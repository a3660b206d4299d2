import { type ErrorDetails, EXIT, IsoreplayError } from "../../src/base/errors.ts";

/**
 * What went wrong between us and a cloud: it cannot be reached, does not know us, does not let us, has no room, has no such
 * thing (any more), is busy with it, takes it for nonsense, or has failed itself.
 */
export type CloudFault =
  | "unreachable"
  | "unknown-user"
  | "forbidden"
  | "quota"
  | "absent"
  | "conflict"
  | "refused"
  | "broken"
  /** It did not become what was waited for: in time, or ever. */
  | "stuck";

/** A cloud did not do what it was asked for. */
export class CloudError extends IsoreplayError {
  readonly fault: CloudFault;

  constructor(fault: CloudFault, message: string, details?: ErrorDetails) {
    super(EXIT.labUnavailable, message, details);
    this.fault = fault;
  }
}

/** Whether it is no error but the answer that something is not there. */
export function isAbsent(error: unknown): boolean {
  return error instanceof CloudError && error.fault === "absent";
}

const MENDS: Partial<Record<CloudFault, string>> = {
  "unknown-user": "look at OS_CLOUD, OS_USERNAME and OS_PASSWORD",
  forbidden: "the driver needs the role admin: it binds ports to the compute host",
  quota: "`openstack quota set` gives the project more room, or `isoreplay destroy` frees some",
};

/** The error that an answer of a cloud's API means. `body`: as it came, JSON or not. */
export function errorOf(status: number, body: string, where: string): CloudError {
  const message = messageOf(body) ?? `status ${status}`;
  const fault = faultOf(status, message);
  const mend = MENDS[fault];
  return new CloudError(fault, message, mend === undefined ? { where } : { where, mend });
}

function faultOf(status: number, message: string): CloudFault {
  // Nova says 403, cinder 413, neutron 409.
  if (/quota|exceed|over limit/i.test(message) && [403, 409, 413].includes(status)) return "quota";
  switch (status) {
    case 401:
      return "unknown-user";
    case 403:
      return "forbidden";
    case 404:
    case 410:
      return "absent";
    case 409:
    case 413:
    case 429:
      return "conflict";
    default:
      return status >= 500 ? "broken" : "refused";
  }
}

/** Every service wraps it in another word: `{"badRequest": {"message"}}`, `{"NeutronError": {"message"}}`. */
function messageOf(body: string): string | null {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null) return null;
    for (const value of [parsed, ...Object.values(parsed)]) {
      const message: unknown =
        typeof value === "object" && value !== null ? Reflect.get(value, "message") : null;
      if (typeof message === "string" && message !== "") return oneLine(message);
    }
    return null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function oneLine(message: string): string {
  return message.replace(/\s+/g, " ").trim();
}
