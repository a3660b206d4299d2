/** `$NAME`: what is known only when the line is run. */
const PLACEHOLDER = /\$[A-Z][A-Z0-9_]*/;

/** An argument as a shell takes it; placeholders stay open to it. */
export function quoted(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument;
  if (!PLACEHOLDER.test(argument)) return `'${argument.replaceAll("'", "'\\''")}'`;
  return `"${argument.replace(/[\\"`]|\$(?![A-Z])/g, (sign) => `\\${sign}`)}"`;
}

/** Variables of the command's environment that this process's has not, as a prefix of its line. */
export function environmentOf(env: Readonly<Record<string, string>> | undefined): string[] {
  const added = Object.entries(env ?? {}).filter(([name, value]) => process.env[name] !== value);
  return added.length === 0 ? [] : ["env", ...added.map(([name, value]) => `${name}=${value}`)];
}

/** A name for a shell's variable. */
export function variableName(text: string): string {
  return text.toUpperCase().replace(/[^A-Z0-9]+/g, "_");
}
