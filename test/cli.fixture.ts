import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

export const PROGRAM = fileURLToPath(new URL("../bin/isoreplay.js", import.meta.url));

export interface Said {
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run the program as a user does. It never rejects: the exit status is part of the answer. */
export async function isoreplay(...args: string[]): Promise<Said> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [PROGRAM, ...args], {
    reject: false,
    stdin: "ignore",
  });
  return { status: exitCode, stdout, stderr };
}

/** A fresh folder outside the checkout. */
export function scratch(): Promise<string> {
  return mkdtemp(join(tmpdir(), "isoreplay-test-"));
}
