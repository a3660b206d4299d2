import { PassThrough, Writable } from "node:stream";
import type { CommandResult, RunningCommand } from "../../src/base/command.ts";
import type { Runner, RunOptions, StartOptions } from "./runner.ts";
import { environmentOf, quoted } from "./shell.ts";

/**
 * Writes down what it is told as lines of a bash script, and does nothing. What is known only at run time stands there as a
 * variable (`$CAPSULE`, `$H1`) that an earlier line sets. A command that goes on is a coprocess.
 */
export class Rehearsal implements Runner {
  readonly #line: (line: string) => void;

  constructor(line: (line: string) => void) {
    this.#line = line;
  }

  async run(
    file: string,
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<CommandResult> {
    const { env, input, standIn } = options;
    const line = [...environmentOf(env), file, ...args].map(quoted).join(" ");
    if (typeof input === "string") this.#line(`${line} <<'END'\n${input.replace(/\n$/, "")}\nEND`);
    else this.#line(line);
    return { exitStatus: 0, stdout: standIn ?? "", stderr: "" };
  }

  async start(
    file: string,
    args: readonly string[],
    { env, name, standIn }: StartOptions,
  ): Promise<RunningCommand> {
    const command = ["exec", ...environmentOf(env), file, ...args].map(quoted).join(" ");
    this.#line(`coproc ${name} { ${command}; }`);
    const answer = standIn?.answer;
    if (answer !== undefined) this.#line(this.#awaitAnswer(name));
    const stdout = new PassThrough();
    const { promise: ended, resolve } = Promise.withResolvers<number | null>();
    const end = () => {
      stdout.end();
      resolve(0);
    };
    const stdin = new Writable({
      write: (chunk, _encoding, done) => {
        if (answer !== undefined) {
          const request = quoted(String(chunk).trimEnd());
          this.#line(`printf '%s\\n' ${request} >&"\${${name}[1]}"; ${this.#awaitAnswer(name)}`);
          stdout.write(answer);
        }
        done();
      },
      final: (done) => {
        this.#line(`exec {${name}[1]}>&-; wait "$${name}_PID"`);
        end();
        done();
      },
    });
    if (standIn !== undefined) stdout.write(standIn.says);
    return { pid: 0, stdin, stdout, complaint: () => "", ended, kill: end };
  }

  async act(line: readonly string[]): Promise<void> {
    this.#line(line.map(quoted).join(" "));
  }

  async learn(name: string, how: string): Promise<string> {
    this.#line(`${name}=${how}`);
    return `$${name}`;
  }

  async instead<T>(remark: string, _work: () => Promise<T>, standIn: T): Promise<T> {
    this.remark(remark);
    return standIn;
  }

  remark(text: string): void {
    this.#line(`# ${text}`);
  }

  #awaitAnswer(name: string): string {
    return `read -r -u "\${${name}[0]}" ANSWER`;
  }
}
