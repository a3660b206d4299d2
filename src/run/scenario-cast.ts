import type { Random } from "../base/random.ts";
import type { EffectKind } from "../host/guest.ts";
import type { Program } from "../program/program.ts";
import type { Behaviour, Scenario } from "../scenario/scenario.ts";
import { WAYS } from "../scenario/way.ts";
import type { ZeusBehaviour } from "../zeus/behaviour.ts";
import type { BotProgram, ZeusProtocol } from "../zeus/program.ts";
import { createVolume } from "../zeus/volume.ts";
import { macOf, Numbering, parseSubnet } from "./addresses.ts";
import type { Cast, Role, Suspect } from "./cast.ts";
import type { HostPlan, HostRole, Plan } from "./plan.ts";

/** Cookies of instances whose behaviour does not say how many. */
const COOKIES = 8;
/** Sessions of a suspect before it is given up as never judged malicious. */
const SUSPECT_SESSIONS = 3;
/** The ports that every lab has: the router's, and the outlet that nothing may ever reach. */
const ROUTER_PORT = 1;
const OUTLET_PORT = 2;
/** What the gateway's MAC address on isolation is made of: no port has this number. */
const GATEWAY_NUMBER = 1;

/** Where the canary's host answers what suspects hold open beside the bot's conversation. */
const COMPANION_PORTS = { tcpPort: 4_701, udpPort: 4_702 };

const EFFECTS: Readonly<Record<Behaviour["command"], EffectKind>> = {
  user_cookies_get: "cookies-posted",
  user_homepage_set: "homepage-set",
  os_shutdown: "power-off",
};

/**
 * Who plays in a round of a scenario. The first round has the training bots; later rounds judge with what was learned.
 * `random` decides the volumes only.
 */
export function castOfScenario(scenario: Scenario, round: number, random: Random): Cast {
  const stage = new Stage(scenario);
  const bots: Record<string, string> = {};
  const truth = new Map<string, string>();
  const training: Role[] = [];
  const suspects: Suspect[] = [];

  for (const [behaviour, spec] of Object.entries(scenario.behaviours)) {
    const cookies = spec.command === "user_cookies_get" ? spec.cookies : COOKIES;
    const infect = (name: string, moves: Pick<HostPlan, "moves"> = {}): HostPlan => {
      const botId = `${name}-round-${round}`;
      bots[botId] = behaviour;
      const host = stage.add(
        name,
        "instance",
        createVolume(botId, cookies, random.fork(botId)),
        moves,
      );
      truth.set(host.address, behaviour);
      return host;
    };
    for (let i = 1; round === 1 && i <= spec.training_bots; i++) {
      const host = infect(`bot-${behaviour}-${i}`);
      // A training bot that shuts its guest down is switched on again, or it would hold one session only.
      const program = { ...bot(scenario, spec.sessions_per_bot), reboots: true };
      training.push({ host: host.name, program });
    }
    for (let i = 1; i <= spec.suspects; i++) {
      const host = infect(`vm-${behaviour}-${i}`, { moves: true });
      const target = stage.add(`iso-${behaviour}-${i}`, "isolation-instance");
      truth.set(target.address, behaviour);
      suspects.push({
        host: host.name,
        target: target.name,
        behaviour,
        program: bot(scenario, SUSPECT_SESSIONS),
        isolatedProgram: bot(scenario, 1),
        beacon: beacon(scenario),
        companion: companion(scenario),
      });
    }
  }

  const visitors = stage.addVisitors();
  if (WAYS[scenario.replay.way].hasResponder) stage.add("responder", "responder");
  return {
    plan: stage.plan(round),
    servers: stage.servers(bots),
    training: round === 1 ? [...training, ...visitors] : [],
    benign: visitors,
    suspects,
    canary: { address: scenario.canary.address, port: scenario.canary.tcp_port },
    truth,
    effects: new Map(
      Object.entries(scenario.behaviours).map(([name, spec]) => [name, EFFECTS[spec.command]]),
    ),
  };
}

function protocol(scenario: Scenario): ZeusProtocol {
  const { zeus } = scenario;
  return {
    host: zeus.cnc.host,
    gatePath: zeus.gate_path,
    configPath: zeus.config_path,
    key: zeus.key,
  };
}

function bot(scenario: Scenario, sessions: number): BotProgram {
  const { zeus } = scenario;
  return {
    kind: "bot",
    protocol: protocol(scenario),
    cnc: { address: zeus.cnc.address, port: zeus.cnc.port },
    connection: zeus.connection,
    sessions,
    sessionGapS: scenario.session_gap_s,
    pollIntervalS: zeus.poll_interval_s,
  };
}

function beacon(scenario: Scenario): Program {
  const { canary } = scenario;
  return {
    kind: "beacon",
    tcp: { address: canary.address, port: canary.tcp_port },
    udp: { address: canary.address, port: canary.udp_port },
    intervalMs: canary.beacon_interval_ms,
  };
}

function companion(scenario: Scenario): Program {
  const { address, beacon_interval_ms } = scenario.canary;
  return {
    kind: "companion",
    server: { address, ...COMPANION_PORTS },
    intervalMs: beacon_interval_ms,
  };
}

function zeusBehaviour(spec: Behaviour): ZeusBehaviour {
  const traffic = {
    answerBytes: spec.answer_bytes,
    answerSpread: spec.answer_spread,
    requests: spec.requests,
  };
  switch (spec.command) {
    case "user_cookies_get":
      return { ...traffic, command: spec.command };
    case "user_homepage_set":
      return { ...traffic, command: spec.command, homepage: spec.homepage };
    case "os_shutdown":
      return { ...traffic, command: spec.command };
  }
}

/** Gives hosts their addresses and ports as they come. */
class Stage {
  readonly #scenario: Scenario;
  readonly #hosts: HostPlan[] = [];
  readonly #private: Numbering;
  readonly #isolation: Numbering;
  #outsidePort = 10;

  constructor(scenario: Scenario) {
    const { networks } = scenario;
    this.#scenario = scenario;
    this.#private = new Numbering("private", networks.private.subnet, [networks.private.gateway]);
    this.#isolation = new Numbering("isolation", networks.isolation.subnet, [
      networks.isolation.gateway,
    ]);
    this.#outside("cnc", "server", scenario.zeus.cnc.address);
    this.#outside("canary", "canary", scenario.canary.address);
    for (const [name, site] of Object.entries(scenario.benign.sites)) {
      this.#outside(`site-${name}`, "server", site.address);
    }
    const { prefixLength } = parseSubnet(networks.isolation.subnet);
    this.#hosts.push({
      name: "outlet",
      role: "outlet",
      bridge: "isolation",
      port: OUTLET_PORT,
      mac: macOf("isolation", OUTLET_PORT),
      address: networks.isolation.gateway,
      prefixLength,
      gateway: null,
      volume: null,
    });
  }

  add(
    name: string,
    role: HostRole,
    volume: HostPlan["volume"] = null,
    moves: Pick<HostPlan, "moves"> = {},
  ): HostPlan {
    const isolated = role === "isolation-instance" || role === "responder";
    const numbering = isolated ? this.#isolation : this.#private;
    const { networks } = this.#scenario;
    const { gateway } = isolated ? networks.isolation : networks.private;
    const host: HostPlan = {
      name,
      role,
      bridge: numbering.bridge,
      ...numbering.take(),
      prefixLength: numbering.prefixLength,
      // A responder answers its own network and has no way anywhere else.
      gateway: role === "responder" ? null : gateway,
      volume,
      ...moves,
    };
    this.#hosts.push(host);
    return host;
  }

  addVisitors(): Role[] {
    const { benign, session_gap_s } = this.#scenario;
    return benign.visitors.flatMap((visitors) => {
      const site = benign.sites[visitors.site];
      if (site === undefined) throw new RangeError(`no benign site ${visitors.site}`);
      return Array.from({ length: visitors.clients }, (_, i): Role => {
        const { name } = this.add(`user-${visitors.site}-${i + 1}`, "benign-client");
        return {
          host: name,
          program: {
            kind: "browser",
            site: site.kind,
            server: { address: site.address, port: site.port },
            host: site.host,
            sessions: visitors.sessions,
            sessionGapS: session_gap_s,
            requests: visitors.requests,
            thinkTimeS: visitors.think_time_s,
          },
        };
      });
    });
  }

  servers(bots: Readonly<Record<string, string>>): Role[] {
    const { zeus, behaviours, benign, canary } = this.#scenario;
    const cnc: Program = {
      kind: "cnc",
      protocol: protocol(this.#scenario),
      port: zeus.cnc.port,
      configBytes: zeus.config_bytes,
      behaviours: Object.fromEntries(
        Object.entries(behaviours).map(([name, spec]) => [name, zeusBehaviour(spec)]),
      ),
      bots,
    };
    return [
      { host: "cnc", program: cnc },
      {
        host: "canary",
        program: { kind: "canary", tcpPort: canary.tcp_port, udpPort: canary.udp_port },
      },
      // Last, so that it changes nothing of what the canary's other program draws.
      { host: "canary", program: { kind: "companion-server", ...COMPANION_PORTS } },
      ...Object.entries(benign.sites).map(
        ([name, site]): Role => ({
          host: `site-${name}`,
          program: {
            kind: "web-site",
            site: site.kind,
            port: site.port,
            pageBytes: site.page_bytes,
          },
        }),
      ),
    ];
  }

  plan(round: number): Plan {
    const { networks, links, name } = this.#scenario;
    const router = (bridge: "private" | "outside") => ({
      bridge,
      port: ROUTER_PORT,
      mac: macOf(bridge, ROUTER_PORT),
      address: networks[bridge].gateway,
      prefixLength: parseSubnet(networks[bridge].subnet).prefixLength,
    });
    return {
      name: `${name}-round-${round}`,
      hosts: this.#hosts,
      router: [router("private"), router("outside")],
      replayer: {
        name: "replayer",
        gatewayMac: macOf("isolation", GATEWAY_NUMBER),
        gatewayAddress: networks.isolation.gateway,
      },
      faults: {
        delayMs: links.delay_ms,
        jitterMs: links.jitter_ms,
        loss: links.loss,
        duplicate: links.duplicate,
        reorder: links.reorder,
      },
    };
  }

  #outside(name: string, role: HostRole, address: string): void {
    const { outside } = this.#scenario.networks;
    const port = this.#outsidePort++;
    this.#hosts.push({
      name,
      role,
      bridge: "outside",
      port,
      mac: macOf("outside", port),
      address,
      prefixLength: parseSubnet(outside.subnet).prefixLength,
      gateway: outside.gateway,
      volume: null,
    });
  }
}
