import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import type { ExitStatus } from "../base/errors.ts";
import { DEFAULT_GAP_S } from "../feature/windows.ts";
import { RUNS } from "../run/runs.ts";
import { positiveSeconds, wholeNumber } from "./arguments.ts";
import type { ClassifyOptions } from "./commands/classify.ts";
import type { CompareOptions } from "./commands/compare.ts";
import type { ContainedOptions } from "./commands/contained.ts";
import type { ExtractOptions } from "./commands/extract.ts";
import type { ObserveCommandOptions } from "./commands/observe.ts";
import type { ReportOptions } from "./commands/report.ts";
import type { ReproduceOptions } from "./commands/reproduce.ts";
import type { RunOptions } from "./commands/run.ts";
import type { SwitchOptions } from "./commands/switch.ts";
import type { TraceOptions } from "./commands/trace.ts";
import type { TrainOptions } from "./commands/train.ts";
import type { ValidateOptions } from "./commands/validate.ts";
import type { VerifyOptions } from "./commands/verify.ts";
import { shipped } from "./files.ts";
import type { Io } from "./io.ts";
import { labCommands } from "./lab-commands.ts";
import { example, json, seed } from "./options.ts";

/** Where `verify` and `report` look without being told. */
/** Fast enough for `paper` within a minute, slow enough that a window's gap is seconds of real time. */
const DEFAULT_SPEED = 120;
const LATEST = `${RUNS}/latest`;

const CAPTURES = "pcap or pcapng files, as they are or packed with gzip or zstd; -: standard input";

/**
 * Every command with its options. The code of a command is loaded when it is used, so that `--help` and a mistake are
 * answered at once.
 */
export function commandLine(io: Io, finish: (status: ExitStatus) => void): Command {
  const program = new Command("isoreplay")
    .description(
      "A reproducible lab and simulator of a malicious-traffic dynamic analysis system: " +
        "record, cluster, judge, isolate, replay, observe. All traffic is synthetic and harmless.",
    )
    .version(version(), "-V, --version")
    .helpCommand(true)
    .addHelpText(
      "after",
      "\nExit status: 0 pass, 1 an assertion failed, 2 inconclusive, 64 usage, 65 bad input,\n" +
        "69 the lab is not available here, 70 internal error.\n\nExample:\n  $ isoreplay run paper --seed 1",
    );
  const gap = () =>
    new Option("--gap <seconds>", "a longer silence ends a conversation's window")
      .argParser(positiveSeconds)
      .default(DEFAULT_GAP_S);
  const jobs = () =>
    new Option(
      "--jobs <number>",
      "captures read at a time; default: as many as there are cores",
    ).argParser(wholeNumber(1));

  program
    .command("run")
    .summary("the whole loop with its assertions")
    .description(
      "Play scenarios: record, cluster, judge, isolate, replay, observe, and check what must hold. " +
        "Without a scenario: paper, the three behaviours together. With --capture a recorded " +
        "conversation drives the loop. Each run leaves its folder under runs/.",
    )
    .argument("[scenario...]", "name of a scenario that comes with isoreplay, or a path")
    .addOption(
      new Option("--lab <lab>", "where to run")
        .choices(["sim", "mininet", "devstack"])
        .default("sim"),
    )
    .addOption(seed())
    .addOption(
      new Option("--speed <number>", "seconds of the lab in one real second (mininet)")
        .argParser(wholeNumber(1))
        .default(DEFAULT_SPEED),
    )
    .addOption(new Option("--out <folder>", "where run folders go").default(RUNS))
    .option("--capture <file>", "let the conversation in this capture drive the loop")
    .option("--client <address>", "whose conversation in the capture; default: the likeliest bot's")
    .option("--keep-bodies", "replay the recorded bodies, not filler of the same length")
    .addOption(gap())
    .option("--model <file>", "judge a capture by this model; default: the one that is shipped")
    .option("--dry-run", "list the commands that would change the machine, and do nothing")
    .option("--quiet", "say nothing on stderr while it runs")
    .addOption(json("print results.json"))
    .addHelpText("after", example("run paper --seed 7", "run --capture bot.pcap --client 10.0.0.5"))
    .action(async (scenarios: string[], options: RunOptions) =>
      finish(await (await import("./commands/run.ts")).run(scenarios, options, io)),
    );

  program
    .command("extract")
    .summary("HTTP transactions of captures, NDJSON")
    .description(
      "Print the HTTP transactions of captures, one JSON record on a line. What was met, " +
        "and what could not be read, is counted by kind on stderr.",
    )
    .argument("<capture...>", CAPTURES)
    .addOption(jobs())
    .addOption(json("accepted; the output is always JSON"))
    .addHelpText(
      "after",
      `${example("extract a.pcap b.pcapng.gz > transactions.ndjson")}\n  $ tcpdump -w - | isoreplay extract -`,
    )
    .action(async (captures: string[], options: ExtractOptions) =>
      finish(await (await import("./commands/extract.ts")).extract(captures, options, io)),
    );

  program
    .command("observe")
    .summary("observations of captures: what the model sees")
    .description("Print one observation for each conversation of a client with a server.")
    .argument("<capture...>", CAPTURES)
    .addOption(gap())
    .addOption(jobs())
    .addOption(json("print NDJSON with every column"))
    .addHelpText("after", example("observe bot.pcap --gap 120 --json"))
    .action(async (captures: string[], options: ObserveCommandOptions) =>
      finish(await (await import("./commands/observe.ts")).observe(captures, options, io)),
    );

  program
    .command("train")
    .summary("fit a model to captures")
    .description("Fit a model to the conversations in captures of bots, and write it to a file.")
    .argument("<capture...>", CAPTURES)
    .requiredOption("--model <file>", "the file to write")
    .addOption(
      new Option("--k <number>", "number of clusters; default: chosen by silhouette").argParser(
        wholeNumber(1),
      ),
    )
    .addOption(seed())
    .option("--labels <file>", "JSON or YAML: capture, client or `capture client` to behaviour")
    .addOption(gap())
    .addOption(jobs())
    .addOption(json("print the clusters and their quality as JSON"))
    .addHelpText("after", example("train bots/*.pcap --model my.json --k 3 --labels labels.yaml"))
    .action(async (captures: string[], options: TrainOptions) =>
      finish(await (await import("./commands/train.ts")).train(captures, options, io)),
    );

  program
    .command("classify")
    .summary("judge the conversations in captures")
    .description(
      "Judge each conversation in captures: a known behaviour, unknown, or benign, and why.",
    )
    .argument("<capture...>", CAPTURES)
    .option("--model <file>", "what `train` wrote; default: the model that is shipped")
    .addOption(gap())
    .addOption(jobs())
    .addOption(json("print NDJSON"))
    .addHelpText("after", example("classify office.pcap", "classify office.pcap --model my.json"))
    .action(async (captures: string[], options: ClassifyOptions) =>
      finish(await (await import("./commands/classify.ts")).classify(captures, options, io)),
    );

  program
    .command("switch")
    .summary("recorded switch cases on the simulator or on a real Open vSwitch")
    .description(
      "Play cases that were recorded from the real Open vSwitch: agreement of each, and of one that " +
        "disagrees the first step that differs, field by field. Exit 0 only if every step agrees.",
    )
    .argument("<case...>", "JSON files of the recorded form")
    .addOption(
      new Option("--on <switch>", "sim: the simulator; ovs: a private Open vSwitch, without root")
        .choices(["sim", "ovs"])
        .default("sim"),
    )
    .addOption(json("print the results as JSON"))
    .addHelpText("after", example("switch cases/*.json", "switch cases/*.json --on ovs"))
    .action(async (cases: string[], options: SwitchOptions) =>
      finish(await (await import("./commands/switch.ts")).playCases(cases, options, io)),
    );

  program
    .command("trace")
    .summary("packets through a rule file, step by step")
    .description(
      "Send packets through the rules of a file, one after the other, and tell each step: tables, rules, actions, " +
        "conntrack with its state before and after, what changed, and where each packet leaves or why it is dropped.",
    )
    .argument("<rules>", "rules as ovs-ofctl add-flows takes them")
    .argument("[packet...]", "flow text (in_port=1,tcp,nw_src=10.0.0.1,tp_dst=80) or hexadecimal")
    .option("--packet <packet>", "one more packet", collect)
    .option("--packets <file>", "packets of a text file, one a line")
    .option("--capture <file>", "packets of a pcap or pcapng file, with its times")
    .option(
      "--in-port <[source=]port>",
      "where packets come in that do not say; from SOURCE",
      collect,
    )
    .option("--port <name=number>", "the number of a port that rules call by name", collect)
    .addOption(
      new Option("--gap <seconds>", "time between packets")
        .argParser(positiveSeconds)
        .default(0.001),
    )
    .option("--html <file>", "write a page that shows the road of each packet")
    .addOption(json("print the trace as JSON"))
    .addHelpText(
      "after",
      example(
        "trace docs/trace/dnat.rules in_port=1,tcp,nw_src=10.20.0.2,nw_dst=203.0.113.7,tp_dst=80",
        "trace docs/trace/paper.rules --packets docs/trace/paper.packets --html road.html",
      ),
    )
    .action(async (rules: string, packets: string[], options: TraceOptions) =>
      finish(await (await import("./commands/trace.ts")).trace(rules, packets, options, io)),
    );

  program
    .command("contained")
    .summary("proof that a rule set lets nothing out but what is declared")
    .description(
      "Prove that a rule set lets nothing out but what --egress declares; a port without it may send " +
        "nowhere. Reads rules as ovs-ofctl does, and what `ovs-ofctl dump-flows` or `ovs-appctl " +
        "bridge/dump-flows` prints. Exit 0: contained, 1: not, with the rules on each way out, 2: undecided.",
    )
    .argument("<rules>", "a file of rules")
    .addOption(
      new Option(
        "--egress <in=out,...>",
        "where what comes in there may leave: numbers, names, LOCAL, CONTROLLER (repeatable)",
      )
        .argParser((text: string, before: string[]) => [...before, text])
        .default([], "none"),
    )
    .addOption(
      new Option(
        "--door <in=out:match>",
        "there it may leave only translated by ct(nat), and the rule that sends it has to ask for that match itself " +
          "(repeatable)",
      )
        .argParser((text: string, before: string[]) => [...before, text])
        .default([], "none"),
    )
    .option(
      "--exact",
      "follow every packet as a set: neither false alarm nor miss, and a packet as evidence",
    )
    .addOption(json("print it as JSON"))
    .addHelpText(
      "after",
      example("contained rules.txt --egress 3=CONTROLLER --egress CONTROLLER=3 --exact"),
    )
    .action(async (rules: string, options: ContainedOptions) =>
      finish(await (await import("./commands/contained.ts")).contained(rules, options, io)),
    );

  program
    .command("validate")
    .summary("check scenario files")
    .description("Check scenarios: the place of every error, the rule, and the nearest valid key.")
    .argument("<scenario...>", "name of a scenario that comes with isoreplay, or a path")
    .addOption(json("print what was found as JSON"))
    .addHelpText("after", example("validate paper my-scenario.yaml"))
    .action(async (scenarios: string[], options: ValidateOptions) =>
      finish(await (await import("./commands/validate.ts")).validate(scenarios, options, io)),
    );

  labCommands(program, io, finish);

  program
    .command("report")
    .summary("print a finished run again")
    .description("Print a finished run again, and say where its page is.")
    .argument("[run]", "a run folder", LATEST)
    .addOption(
      new Option("--open <yes|no>", "open the page in the browser")
        .choices(["yes", "no"])
        .default("no"),
    )
    .addOption(json("print results.json"))
    .addHelpText("after", example("report runs/paper/latest"))
    .action(async (run: string, options: ReportOptions) =>
      finish(await (await import("./commands/report.ts")).report(run, options, io)),
    );

  program
    .command("reproduce")
    .summary("a figure of the paper: expected, observed, verdict")
    .description(
      "Reproduce a figure or table of the paper: what is expected, what was observed, and the verdict. " +
        "Without a claim: those that can be reproduced.",
    )
    .argument(
      "[claim]",
      "fig11: the kernel's functions that commit a connection, traced in a guest",
    )
    .addOption(json("print what was found as JSON"))
    .addHelpText("after", example("reproduce", "reproduce fig11"))
    .action(async (claim: string | undefined, options: ReproduceOptions) =>
      finish(await (await import("./commands/reproduce.ts")).reproduce(claim, options, io)),
    );

  program
    .command("compare")
    .summary("two runs side by side")
    .description(
      "Set two runs of a scenario side by side: each assertion's verdict, and the first place where a " +
        "conversation differs, time set aside. Exit 0 when they agree, 1 when not.",
    )
    .argument("<run>", "a run folder")
    .argument("<other>", "another one")
    .addOption(json("print the comparison as JSON"))
    .addHelpText("after", example("compare runs/paper/2026-01-31T12-00-00Z-sim-1 runs/latest"))
    .action(async (run: string, other: string, options: CompareOptions) =>
      finish(await (await import("./commands/compare.ts")).compare([run, other], options, io)),
    );

  program
    .command("verify")
    .summary("check the hashes of a run folder")
    .description(
      "Hash the files of a run folder again: missing, changed and extra ones, exit 1 if any.",
    )
    .argument("[run]", "a run folder", LATEST)
    .addOption(json("print what was found as JSON"))
    .addHelpText("after", example("verify runs/latest"))
    .action(async (run: string, options: VerifyOptions) =>
      finish(await (await import("./commands/verify.ts")).verify(run, options, io)),
    );

  return program;
}

/** An option that may be given more than once. */
function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

function version(): string {
  const { version } = JSON.parse(readFileSync(shipped("package.json"), "utf8")) as {
    version: string;
  };
  return version;
}
