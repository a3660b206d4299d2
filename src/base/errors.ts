/** Exit statuses (sysexits, DESIGN: 0 pass, 1 an assertion failed, 2 inconclusive). */
export const EXIT = {
  pass: 0,
  failed: 1,
  inconclusive: 2,
  usage: 64,
  badInput: 65,
  labUnavailable: 69,
  internal: 70,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

export interface ErrorDetails {
  /** Where it failed: `file:line:column`, a command, `packet 17`. */
  readonly where?: string;
  /** What the reader can do about it: a sentence, best with a command. */
  readonly mend?: string;
  readonly cause?: unknown;
}

/**
 * An error that was foreseen: its message says what failed and why, `where` says where, `mend` says what helps.
 * The command line prints it on one line and exits with `status`; every other error is internal (70).
 */
export class IsoreplayError extends Error {
  readonly status: ExitStatus;
  readonly where: string | undefined;
  readonly mend: string | undefined;

  constructor(status: ExitStatus, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.status = status;
    this.where = details.where;
    this.mend = details.mend;
  }

  /** One line: `where: message; mend`. */
  get line(): string {
    const where = this.where === undefined ? "" : `${this.where}: `;
    const mend = this.mend === undefined ? "" : ` (${this.mend})`;
    return `${where}${this.message}${mend}`;
  }
}

/** The command line was used wrongly (64). */
export class UsageError extends IsoreplayError {
  constructor(message: string, details?: ErrorDetails) {
    super(EXIT.usage, message, details);
  }
}

/** A scenario, capture, model or rule file is not what it should be (65). */
export class InputError extends IsoreplayError {
  constructor(message: string, details?: ErrorDetails) {
    super(EXIT.badInput, message, details);
  }
}

/** The lab that was asked for cannot run here (69). */
export class LabUnavailableError extends IsoreplayError {
  constructor(message: string, details?: ErrorDetails) {
    super(EXIT.labUnavailable, message, details);
  }
}
