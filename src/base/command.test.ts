import test from "ava";
import { CommandError, runCommand, startCommand } from "./command.ts";

const node = process.execPath;

test("a command's output comes back without its last newline", async (t) => {
  const result = await runCommand(node, ["-e", "console.log('one'); console.error('two')"]);
  t.deepEqual(result, { exitStatus: 0, stdout: "one", stderr: "two" });
});

test("a failed command's error says the command, the exit status and the end of stderr", async (t) => {
  const script = "for (let i = 1; i <= 9; i++) console.error('line ' + i); process.exit(3)";
  const error = await t.throwsAsync(runCommand(node, ["-e", script]), { instanceOf: CommandError });
  t.is(error?.exitStatus, 3);
  t.true(error?.line.startsWith(`${node} -e 'for (let`));
  t.true(error?.line.includes("exit status 3: line 5 | line 6 | line 7 | line 8 | line 9"));
});

test("a program that is not there is told apart from one that failed", async (t) => {
  const error = await t.throwsAsync(runCommand("isoreplay-no-such-program", ["--version"]), {
    instanceOf: CommandError,
  });
  t.true(error?.absent);
  t.is(error?.line, "isoreplay-no-such-program --version: no such program");
});

test("an exit status that counts as an answer is no error", async (t) => {
  const result = await runCommand(node, ["-e", "process.exit(1)"], { okStatus: [0, 1] });
  t.is(result.exitStatus, 1);
});

test("a command that takes too long is ended and the error says so", async (t) => {
  const error = await t.throwsAsync(
    runCommand(node, ["-e", "setInterval(() => {}, 1000)"], { timeoutMs: 200 }),
    { instanceOf: CommandError },
  );
  t.regex(error?.line ?? "", /timed out after 200 ms/);
  t.is(error?.exitStatus, null);
});

test("what is given as input arrives on stdin", async (t) => {
  const result = await runCommand(node, ["-e", "process.stdin.pipe(process.stdout)"], {
    input: "hello",
  });
  t.is(result.stdout, "hello");
});

test("a running command reads stdin, and its end is told", async (t) => {
  const script = "process.stdin.on('data', (d) => process.stdout.write(String(d).toUpperCase()))";
  const command = await startCommand(node, ["-e", script]);
  command.stdin.end("hello");
  let said = "";
  for await (const bytes of command.stdout) said += String(bytes);
  t.is(said, "HELLO");
  t.is(await command.ended, 0);
});

test("a running command that is killed ends without an exit status, and what it complained of is kept", async (t) => {
  const script =
    "console.error('one'); console.error('two'); process.stdout.write('.'); setInterval(() => {}, 1000)";
  const command = await startCommand(node, ["-e", script]);
  await new Promise((resolve) => command.stdout.once("data", resolve));
  command.kill();
  t.is(await command.ended, null);
  t.is(command.complaint(), "one | two");
});

test("a running command that is not there is an error at once", async (t) => {
  const error = await t.throwsAsync(startCommand("isoreplay-no-such-program", []), {
    instanceOf: CommandError,
  });
  t.true(error?.absent);
});
