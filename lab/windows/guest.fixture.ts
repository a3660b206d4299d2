import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ExecutionContext } from "ava";
import { type CommandResult, runCommand } from "../../src/base/command.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const SOURCES = ["Message", "Marker", "StandIns", "Http", "Bot"].map((name) =>
  join(HERE, "guest", `${name}.cs`),
);
const ID = "00000000-0000-4000-8000-000000000000";
const RUN_MS_MAX = 60_000;

/** The generator's own code, compiled for Mono, with a folder and a registry of its own: a guest without Windows. */
export class MonoGuest {
  readonly folder: string;
  readonly #program: string;
  readonly #registry: string;

  private constructor(folder: string, program: string) {
    this.folder = folder;
    this.#program = program;
    this.#registry = join(folder, "registry");
  }

  /** `program`: what `compile` has made. */
  static async create(t: ExecutionContext, program: string): Promise<MonoGuest> {
    const folder = await mkdtemp(join(tmpdir(), "isoreplay-guest-"));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    await copyFile(join(HERE, "guest/cookies.txt"), join(folder, "cookies.txt"));
    return new MonoGuest(folder, program);
  }

  /** Compile it into a folder, as C# 2.0: that is what PowerShell 2 takes. Rejects with CommandError. */
  static async compile(folder: string): Promise<string> {
    const program = join(folder, "guest.exe");
    const options = ["-langversion:ISO-2", "-warnaserror", `-out:${program}`];
    await runCommand("mcs", [...options, join(HERE, "guest.fixture.cs"), ...SOURCES]);
    return program;
  }

  /** What provisioning does: the marker, and the settings with others in place of some. */
  async provision(
    settings: Readonly<Record<string, string>>,
    networks: readonly string[],
  ): Promise<void> {
    const conf = await readFile(join(HERE, "guest/bot.conf"), "utf8");
    const lines = conf.split("\n").map((line) => {
      const name = line.split(": ")[0] ?? "";
      return settings[name] === undefined ? line : `${name}: ${settings[name]}`;
    });
    await writeFile(join(this.folder, "bot.conf"), lines.join("\n"));
    await writeFile(join(this.folder, "lab.marker"), [ID, ...networks, ""].join("\r\n"));
    await this.register({ Lab: ID, Homepage: "http://home.example/" });
  }

  /** Mono keeps a registry in files. */
  async register(values: Readonly<Record<string, string>>): Promise<void> {
    const key = join(this.#registry, "LocalMachine/software/isoreplay");
    await mkdir(key, { recursive: true });
    const text = Object.entries(values).map(
      ([name, value]) => `<value name="${name}" type="string">${value}</value>`,
    );
    await writeFile(join(key, "values.xml"), `<values>\n${text.join("\n")}\n</values>\n`);
  }

  run(...args: readonly string[]): Promise<CommandResult> {
    return runCommand("mono", [this.#program, ...args], {
      env: {
        PATH: process.env.PATH ?? "",
        HOME: this.folder,
        MONO_REGISTRY_PATH: this.#registry,
      },
      okStatus: [0, 3, 4],
      timeoutMs: RUN_MS_MAX,
    });
  }

  /** The log's events: kind and fields. */
  async events(): Promise<Record<string, string>[]> {
    const text = await readFile(join(this.folder, "bot.log"), "utf8");
    return text
      .split("\r\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [, kind = "", ...fields] = line.split(" ");
        const named = fields.map((field) => [
          field.slice(0, field.indexOf("=")),
          field.slice(field.indexOf("=") + 1),
        ]);
        return { kind, ...Object.fromEntries(named) };
      });
  }
}
