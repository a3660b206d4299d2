import { type Command, Option } from "commander";
import type { ExitStatus } from "../base/errors.ts";
import type { DeployOptions } from "./commands/deploy.ts";
import type { DestroyOptions } from "./commands/destroy.ts";
import type { DoctorOptions } from "./commands/doctor.ts";
import type { InspectOptions } from "./commands/inspect.ts";
import type { WipeOptions } from "./commands/wipe.ts";
import type { Io } from "./io.ts";
import { example, json, seed } from "./options.ts";

/** The commands that bring real labs up, look at them, and take them down. */
export function labCommands(program: Command, io: Io, finish: (status: ExitStatus) => void): void {
  program
    .command("doctor")
    .summary("which labs this machine can run")
    .description(
      "Say which labs this machine can run, what is missing, and the command that helps.",
    )
    .addOption(json("print it as JSON"))
    .addHelpText("after", example("doctor"))
    .action(async (options: DoctorOptions) =>
      finish(await (await import("./commands/doctor.ts")).doctor(options, io)),
    );

  program
    .command("deploy")
    .summary("a lab without the loop, to work in by hand")
    .description(
      "Bring up the lab of a scenario: bridges, hosts, rules, servers, and no loop. It stays up until " +
        "Ctrl-C, or until `isoreplay destroy`. `isoreplay inspect` says how to enter its hosts. With --lab " +
        "openstack an empty OpenStack comes up, whatever the scenario, and stays up behind.",
    )
    .argument("[scenario]", "name of a scenario that comes with isoreplay, or a path", "paper")
    .addOption(
      new Option("--lab <lab>", "what to bring up")
        .choices(["sim", "mininet", "openstack"])
        .default("mininet"),
    )
    .addOption(seed())
    .option("--dry-run", "list the commands that would change the machine, and do nothing")
    .addHelpText(
      "after",
      example("deploy paper", "deploy zeus-cookie-theft --dry-run", "deploy --lab openstack"),
    )
    .action(async (scenario: string, options: DeployOptions) =>
      finish(await (await import("./commands/deploy.ts")).deploy(scenario, options, io)),
    );

  program
    .command("inspect")
    .summary("which labs are up, and what others left")
    .description(
      "List the labs that are up on this machine, with the addresses of their hosts and the command " +
        "that opens a shell in each, and what a crash left of others.",
    )
    .addOption(json("print it as JSON"))
    .addHelpText("after", example("inspect"))
    .action(async (options: InspectOptions) =>
      finish(await (await import("./commands/inspect.ts")).inspect(options, io)),
    );

  program
    .command("destroy")
    .summary("take labs down, from their journals")
    .description(
      "Take down labs that were deployed, and what others left: processes, namespaces, bridges, mounts and " +
        "files, as their journals say. Labs that a run uses stay, unless --all says otherwise. Nothing " +
        "else is touched.",
    )
    .addOption(
      new Option("--lab <lab>", "only labs of this kind").choices([
        "mininet",
        "openstack",
        "devstack",
      ]),
    )
    .option("--all", "those that are in use, too")
    .option("-y, --yes", "do not ask back")
    .option("--dry-run", "list the commands, and do nothing")
    .addHelpText("after", example("destroy", "destroy --all -y"))
    .action(async (options: DestroyOptions) =>
      finish(await (await import("./commands/destroy.ts")).destroy(options, io)),
    );

  program
    .command("wipe")
    .summary("remove what a crash left")
    .description("Remove what a crash left: only what carries the label of a lab that is gone.")
    .option("-y, --yes", "do not ask back")
    .option("--dry-run", "list the commands, and do nothing")
    .addHelpText("after", example("wipe -y"))
    .action(async (options: WipeOptions) =>
      finish(await (await import("./commands/wipe.ts")).wipe(options, io)),
    );
}
