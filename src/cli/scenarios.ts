import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../base/errors.ts";
import { nearest } from "../scenario/nearest.ts";
import { readText, shipped, shownPath } from "./files.ts";

export interface ScenarioFile {
  /** The path as the reader finds it again. */
  readonly path: string;
  readonly text: string;
}

/** The names of the scenarios that come with the project. */
export async function shippedScenarios(): Promise<string[]> {
  const entries = await readdir(shipped("scenarios"), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/**
 * A scenario by its name, when it came with the project, or by its file or folder. Throws InputError where there is none.
 */
export async function readScenarioFile(named: string): Promise<ScenarioFile> {
  const names = await shippedScenarios();
  if (names.includes(named)) return read(shownPath(shipped("scenarios", named, "scenario.yaml")));
  if (await isFolder(named)) return read(join(named, "scenario.yaml"));
  if (/[/\\]|\.ya?ml$/i.test(named)) return read(named);
  const near = nearest(named, names);
  throw new InputError(`no scenario has this name; there are ${names.join(", ")}`, {
    where: named,
    ...(near === null ? {} : { mend: `the nearest is ${near}; a file is named by its path` }),
  });
}

async function read(path: string): Promise<ScenarioFile> {
  return { path, text: await readText(path) };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return false;
    throw error;
  }
}
