import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const TEMPLATES = fileURLToPath(new URL("files/etc/", import.meta.url));
const PLACEHOLDER = /\{\{(\w+)\}\}/g;

/** A template with its placeholders (`{{name}}`) filled in. Throws when a value is not there: the template is ours. */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(PLACEHOLDER, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for {{${name}}}`);
    return value;
  });
}

/** Write every template, filled in, to a folder that only root can read: they hold the lab's password. */
export async function writeTemplates(
  to: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  await chmod(to, 0o700);
  for (const name of await readdir(TEMPLATES))
    await writeFile(join(to, name), fill(await readFile(join(TEMPLATES, name), "utf8"), values));
}

/**
 * Two keys as keystone wants them (Fernet: 32 bytes in URL-safe base64), for tokens or for credentials: `1` is the first,
 * `0` the next one. Starting `keystone-manage` for that takes seconds.
 */
export async function writeFernetKeys(repository: string): Promise<void> {
  await mkdir(repository, { mode: 0o700 });
  for (const name of ["0", "1"]) {
    const key = randomBytes(32).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
    await writeFile(join(repository, name), key, { mode: 0o600 });
  }
}
