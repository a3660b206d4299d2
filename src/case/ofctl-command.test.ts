import test from "ava";
import { ofctlCall } from "./ofctl-command.ts";

const taken = test.macro<[command: string, args: string[], text: string | null, expected: object]>({
  exec: (t, command, args, text, expected) => {
    t.like(ofctlCall({ command, args, text }), expected);
  },
  title: (_, command, args) => [command, ...args].join(" "),
});

test(taken, "add-flow", ["br0", "ip,actions=2"], null, { args: ["ip,actions=2"], options: [] });
test(taken, "add-flow", [], "ip,actions=2\n", { args: ["ip,actions=2"], input: null });
test(taken, "--strict mod-flows", ["-O", "OpenFlow13", "br0", "ip,actions=2"], null, {
  command: "mod-flows",
  options: ["--strict", "-O", "OpenFlow13"],
  args: ["ip,actions=2"],
});
test(taken, "add-flows", ["--bundle", "br0", "flows.txt"], "ip,actions=2", {
  args: ["-"],
  input: "ip,actions=2",
});
test(taken, "del-flows", ["br0"], null, { args: [] });

test("a command that reads a file needs its text", (t) => {
  t.throws(() => ofctlCall({ command: "add-flows", args: ["flows.txt"], text: null }), {
    message: /without the text/,
  });
});
