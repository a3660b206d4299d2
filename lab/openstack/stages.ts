import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Namespaces } from "./namespaces.ts";
import { writeFernetKeys } from "./render.ts";
import type { Stage } from "./stage.ts";

const MOUNTS = fileURLToPath(new URL("files/mounts.sh", import.meta.url));
const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";
/** A question to the database starts a program: it is not asked more often. */
const ASK_MS = 500;
const UWSGI_FLAGS = ["master", "lazy-apps", "enable-threads", "die-on-term", "need-app"];

/** One step on the way up. */
export interface Step {
  readonly name: string;
  /** Many times what it takes on two idle cores: others may need them, too. */
  readonly deadlineMs: number;
  /** What comes up, for whoever waits. */
  readonly what: string;
  readonly work: (lab: Namespaces, stage: Stage, secret: string) => Promise<void>;
}

/** From nothing to a cloud, in this order. */
export const STEPS: readonly Step[] = [
  {
    name: "namespaces",
    what: "disks, mounts, the volumes' share",
    deadlineMs: 60_000,
    work: prepare,
  },
  {
    name: "database",
    what: "MariaDB, RabbitMQ, Open vSwitch, libvirt",
    deadlineMs: 180_000,
    work: base,
  },
  {
    name: "schemas",
    what: "tables of every service, keystone's first user",
    deadlineMs: 480_000,
    work: schemas,
  },
  {
    name: "services",
    what: "users and endpoints, every service's API, agents",
    deadlineMs: 360_000,
    work: services,
  },
  { name: "compute", what: "nova-compute and its cell", deadlineMs: 300_000, work: compute },
];

async function prepare({ folder }: Namespaces, stage: Stage): Promise<void> {
  await stage.run("mounts", ["sh", MOUNTS, folder, diskImage(basename(folder))]);
}

/** Where a lab's disk lies for the moment until it is mounted; then it has no name any more. */
export function diskImage(label: string): string {
  return `/var/tmp/isoreplay-${label}.img`;
}

async function base(lab: Namespaces, stage: Stage): Promise<void> {
  const { folder } = lab;
  const storage = join(folder, "storage");
  const rabbit = join(storage, "rabbitmq");
  const rabbitmq = stage.launch("rabbitmq", [
    "env",
    "RABBITMQ_NODENAME=rabbit@localhost",
    `RABBITMQ_CONFIG_FILE=${join(folder, "etc/rabbitmq.conf")}`,
    `RABBITMQ_MNESIA_BASE=${rabbit}`,
    `RABBITMQ_LOG_BASE=${rabbit}`,
    `RABBITMQ_ENABLED_PLUGINS_FILE=${join(rabbit, "enabled_plugins")}`,
    "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1",
    "ERL_EPMD_ADDRESS=127.0.0.1",
    // One scheduler that does not spin: the other services need the cores.
    "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none",
    `HOME=${rabbit}`,
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
  ]);
  const mariadb = async () => {
    const config = `--defaults-file=${join(folder, "etc/my.cnf")}`;
    await stage.run("mariadb-install", [
      "mariadb-install-db",
      "--no-defaults",
      "--user=root",
      "--skip-test-db",
      "--auth-root-authentication-method=normal",
      `--datadir=${join(storage, "mysql")}`,
    ]);
    await stage.launch("mariadb", ["mariadbd", config]);
    await stage.listens("mariadb", 3306);
  };
  // RabbitMQ may take its time: nobody needs it before the services.
  await Promise.all([rabbitmq, mariadb(), openVSwitch(folder, stage), libvirt(stage)]);
}

async function openVSwitch(folder: string, stage: Stage): Promise<void> {
  const database = join(folder, "storage/openvswitch/conf.db");
  const socket = "/run/openvswitch/db.sock";
  await stage.run("ovsdb", ["ovsdb-tool", "create", database, SCHEMA]);
  await stage.launch("ovsdb", ["ovsdb-server", database, `--remote=punix:${socket}`]);
  await stage.run("ovsdb", ["ovs-vsctl", "--timeout=20", "--retry", "--no-wait", "init"]);
  await stage.launch("vswitchd", ["ovs-vswitchd", `unix:${socket}`]);
}

async function libvirt(stage: Stage): Promise<void> {
  await stage.launch("virtlogd", ["virtlogd"]);
  await stage.launch("libvirtd", ["libvirtd"]);
}

async function schemas(lab: Namespaces, stage: Stage, secret: string): Promise<void> {
  for (const name of ["fernet-keys", "credential-keys"])
    await writeFernetKeys(join(lab.folder, "etc", name));
  const { keystone, placement, glance, nova, neutron, ml2, cinder } = configs(lab.folder);
  const keystoneManage = (...args: string[]) =>
    stage.run("keystone-manage", ["keystone-manage", ...keystone, ...args]);
  const novaManage = (...args: string[]) =>
    stage.run("nova-manage", ["nova-manage", ...nova, ...args]);
  await Promise.all([
    (async () => {
      await keystoneManage("db_sync");
      const url = "http://127.0.0.1:5000/v3";
      await keystoneManage(
        ...["bootstrap", "--bootstrap-password", secret, "--bootstrap-region-id", "RegionOne"],
        ...["--bootstrap-public-url", url, "--bootstrap-internal-url", url],
      );
    })(),
    (async () => {
      await novaManage("api_db", "sync");
      const cells = await readFile(join(lab.folder, "etc/cells.sql"), "utf8");
      await stage.run("cells", database(lab.folder), cells);
      await novaManage("db", "sync");
    })(),
    stage.run("placement-manage", ["placement-manage", ...placement, "db", "sync"]),
    stage.run("glance-manage", ["glance-manage", ...glance, "db_sync"]),
    stage.run("neutron-manage", ["neutron-db-manage", ...neutron, ...ml2, "upgrade", "head"]),
    stage.run("cinder-manage", ["cinder-manage", ...cinder, "db", "sync"]),
  ]);
}

async function services(lab: Namespaces, stage: Stage): Promise<void> {
  const { folder } = lab;
  const { glance, nova, neutron, ml2, ovsAgent, dhcpAgent, cinder } = configs(folder);
  const etc = join(folder, "etc");
  await stage.launch(
    "keystone",
    uwsgi(5000, "/usr/bin/keystone-wsgi-public", `OS_KEYSTONE_CONFIG_FILES=${etc}/keystone.conf`),
  );
  await stage.listens("keystone", 5000);
  const users = async () => {
    const batch = await readFile(join(etc, "identity.batch"), "utf8");
    await stage.batch("identity", ["openstack"], batch);
  };
  await stage.launch(
    "placement",
    uwsgi(8778, "/usr/bin/placement-api", `OS_PLACEMENT_CONFIG_DIR=${etc}`),
  );
  await stage.listens("rabbitmq", 5672);
  await stage.launch("neutron-server", ["neutron-server", ...neutron, ...ml2]);
  await stage.launch("nova-api", ["nova-api", ...nova]);
  await stage.launch("glance-api", ["glance-api", ...glance]);
  await stage.launch("cinder-api", ["cinder-api", ...cinder]);
  await stage.launch("cinder-scheduler", ["cinder-scheduler", ...cinder]);
  await stage.launch("cinder-volume", ["cinder-volume", ...cinder]);
  // An agent that calls before neutron listens waits a minute for its answer.
  const agents = async () => {
    await stage.listens("neutron-server", 9696);
    await stage.launch("ovs-agent", ["neutron-openvswitch-agent", ...neutron, ...ovsAgent]);
    await stage.launch("dhcp-agent", ["neutron-dhcp-agent", ...neutron, ...dhcpAgent]);
  };
  await Promise.all([
    users(),
    stage.listens("placement", 8778),
    stage.listens("nova-api", 8774),
    agents(),
    stage.listens("glance-api", 9292),
    stage.listens("cinder-api", 8776),
  ]);
}

async function compute(lab: Namespaces, stage: Stage): Promise<void> {
  const { nova } = configs(lab.folder);
  // These end where they find no user of theirs, or no placement.
  await stage.launch("nova-conductor", ["nova-conductor", ...nova]);
  await stage.launch("nova-scheduler", ["nova-scheduler", ...nova]);
  await stage.launch("nova-compute", ["nova-compute", ...nova]);
  const count = (what: string, service: string, query: string) =>
    stage.until(what, service, async () => (await countRows(lab, query)) !== "0", ASK_MS);
  await Promise.all([
    count(
      "its volume service",
      "cinder-volume",
      "cinder.services WHERE `binary` = 'cinder-volume'",
    ),
    count("its agent", "ovs-agent", "neutron.agents WHERE `binary` = 'neutron-openvswitch-agent'"),
    count("its agent", "dhcp-agent", "neutron.agents WHERE `binary` = 'neutron-dhcp-agent'"),
    count("the compute host in its cell", "nova-compute", "nova_api.host_mappings"),
  ]);
}

/** How many rows there are. */
async function countRows(lab: Namespaces, from: string): Promise<string> {
  const query = ["-N", "-B", "-e", `SELECT COUNT(*) FROM ${from}`];
  const { stdout } = await lab.run([...database(lab.folder), ...query]);
  return stdout.trim();
}

/** The client of the database. */
function database(folder: string): string[] {
  return ["mariadb", `--defaults-file=${join(folder, "etc/client.cnf")}`];
}

/** Command-line options that name a service's configuration. */
function configs(folder: string) {
  const file = (name: string) => ["--config-file", join(folder, "etc", name)];
  return {
    keystone: file("keystone.conf"),
    placement: file("placement.conf"),
    glance: file("glance-api.conf"),
    nova: file("nova.conf"),
    neutron: file("neutron.conf"),
    ml2: file("ml2.ini"),
    ovsAgent: file("ovs-agent.ini"),
    dhcpAgent: file("dhcp-agent.ini"),
    cinder: file("cinder.conf"),
  };
}

/** An API that is nothing but a WSGI application. */
function uwsgi(port: number, application: string, environment: string): string[] {
  return [
    ...["env", environment, "uwsgi_python3"],
    ...UWSGI_FLAGS.map((option) => `--${option}`),
    ...["--http-socket", `127.0.0.1:${port}`, "--wsgi-file", application],
    ...["--processes", "1", "--threads", "4", "--buffer-size", "65535"],
    // A client that keeps its connection would find it reset.
    ...["--add-header", "Connection: close", "--rem-header", "Content-Length"],
  ];
}
