/** The columns of an observation. Documented once, in columns.ts; the paper's two are the default of the model. */
export interface Observation {
  /** The host that asks (an address), and the server it talks to (address:port, or the Host name). */
  readonly client: string;
  readonly server: string;
  /** When the window began and ended, nanoseconds. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Values by column name; every column of columns.ts is there. */
  readonly values: Readonly<Record<string, number>>;
}
