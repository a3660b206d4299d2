/** Every bench, one after the other, each in a process of its own. A timing is never a test. */
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

const BENCHES = ["loop", "simulator", "switch", "host", "replayer", "extract"];

console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}\n`,
);
for (const name of BENCHES) {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  await execa(process.execPath, [file], { stdio: "inherit" });
  console.log();
}
