import { type ExitStatus, IsoreplayError } from "../base/errors.ts";

/** What a worker does with one capture. */
export type Job =
  | { readonly what: "extract"; readonly file: string }
  | { readonly what: "observe"; readonly file: string; readonly gapS: number };

/** What a worker says of its job, in this order: bytes and notes, then `done` or `failed`. */
export type JobMessage =
  /** Output. Only so many are sent before they are taken (JOB_LIMITS). */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "progress"; readonly text: string | null }
  | { readonly kind: "failed"; readonly error: ErrorFields }
  | { readonly kind: "done"; readonly result: unknown };

/** What is said to a worker: do this; or that its output was taken, and whether more is wanted. */
export type WorkerOrder =
  | { readonly job: Job }
  | { readonly taken: true; readonly wanted: boolean };

/** A foreseen error between threads, where an object loses its class. */
export interface ErrorFields {
  readonly status: ExitStatus;
  readonly message: string;
  readonly where: string | undefined;
  readonly mend: string | undefined;
}

export function fieldsOf({ status, message, where, mend }: IsoreplayError): ErrorFields {
  return { status, message, where, mend };
}

export function errorOf({ status, message, where, mend }: ErrorFields): IsoreplayError {
  return new IsoreplayError(status, message, {
    ...(where === undefined ? {} : { where }),
    ...(mend === undefined ? {} : { mend }),
  });
}
