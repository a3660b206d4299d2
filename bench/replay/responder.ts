import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Place, RESPONDER, RESPONDER_PORT } from "./places.ts";
import type { Stage } from "./stage.ts";

/** What a C&C answers, headers of nginx included: some 350 bytes, one segment. */
export const BODY = "a".repeat(200);
export const URI = "/gate.php";

/** Where nginx would write if it had anything to say; the defaults belong to the machine's own. */
function nginxConfig(folder: string, server: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${folder}/nginx-${kind};`,
  );
  return `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
events { worker_connections 4096; }
http { access_log off; ${temporary.join(" ")} server { ${server} } }
`;
}

/** nginx on a host with one worker. `server`: its one server's directives. */
export async function startNginx(stage: Stage, place: Place, server: string): Promise<void> {
  const folder = join(stage.folder, place.name);
  await stage.run(null, ["mkdir", folder]);
  const file = join(folder, "nginx.conf");
  await writeFile(file, nginxConfig(folder, server));
  await stage.start(place, ["nginx", "-c", file, "-e", join(folder, "nginx.log")]);
}

/** The lightest responder there is, so that what a path costs is seen best: an answer from memory, then the close. */
export function startResponder(stage: Stage): Promise<void> {
  const listen = `listen ${RESPONDER_PORT} backlog=4096;`;
  return startNginx(stage, RESPONDER, `${listen} location / { return 200 "${BODY}"; }`);
}
