import test from "ava";
import { Rehearsal } from "./rehearsal.ts";
import type { Runner } from "./runner.ts";

async function rehearsed(what: (runner: Runner) => Promise<unknown>): Promise<string> {
  const lines: string[] = [];
  await what(new Rehearsal((line) => lines.push(line)));
  return lines.join("\n");
}

test("a command is one line that a shell takes as it is meant", async (t) => {
  t.is(
    await rehearsed((runner) => runner.run("sh", ["-ec", 'it\'s $(not) a "riddle"'])),
    "sh -ec 'it'\\''s $(not) a \"riddle\"'",
  );
});

test("what is known only at run time stays open to the shell, and nothing else does", async (t) => {
  t.is(
    await rehearsed(async (runner) => {
      const pid = await runner.learn("CAPSULE", "$(pidof x)", () => "1");
      await runner.run("kill", [pid]);
      await runner.run("sh", ["-c", `a ${pid} $b "c" \`d\``]);
    }),
    'CAPSULE=$(pidof x)\nkill "$CAPSULE"\nsh -c "a $CAPSULE \\$b \\"c\\" \\`d\\`"',
  );
});

test("what a command reads stands below it", async (t) => {
  t.is(
    await rehearsed((runner) => runner.run("ovs-ofctl", ["-"], { input: "a\nb\n" })),
    "ovs-ofctl - <<'END'\na\nb\nEND",
  );
});

test("a command that goes on is asked, and ends when nobody asks any more", async (t) => {
  const list = await rehearsed(async (runner) => {
    const env = { ...process.env, LABEL: "x" } as Record<string, string>;
    const standIn = { says: "{}\n", answer: "{}\n" };
    const command = await runner.start("driver", [], { name: "D", env, standIn });
    command.stdin.write('{"op":1}\n');
    command.stdin.end();
    await command.ended;
  });
  t.is(
    list,
    [
      "coproc D { exec env LABEL=x driver; }",
      `read -r -u "\${D[0]}" ANSWER`,
      `printf '%s\\n' '{"op":1}' >&"\${D[1]}"; read -r -u "\${D[0]}" ANSWER`,
      'exec {D[1]}>&-; wait "$D_PID"',
    ].join("\n"),
  );
});

test("work that is rehearsed is not done", async (t) => {
  const list = await rehearsed(async (runner) => {
    await runner.act(["mkdir", "/a b"], () => t.fail());
    t.is(await runner.instead("a connection", async () => 1, 2), 2);
  });
  t.is(list, "mkdir '/a b'\n# a connection");
});
