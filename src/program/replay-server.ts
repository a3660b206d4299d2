import { REPLAY_LIMITS } from "../base/limits.ts";
import { type Endpoint, type Listener, type Socket, SocketError } from "../base/net.ts";
import type { ProgramHost } from "../host/host.ts";
import { AnswerLog } from "../replay/answer-log.ts";
import { Conversation } from "../replay/conversation.ts";
import type { TapeMatcher } from "../replay/match.ts";
import { type Answer, type MissPolicy, missAnswer } from "../replay/miss.ts";
import type { RequestHead } from "../replay/request-stream.ts";
import { Tape } from "../replay/tape.ts";
import type { ReplayServerProgram } from "./spec.ts";

/**
 * Answers one guest as the recorded servers, over sockets: what comes in through a server's port gets the answers of that
 * server, chosen as the packet-level replayer chooses them, and the miss policy where none fits. It never connects to
 * anybody. Reports `replay.listening` for each port, and each answer as `replay.answer`.
 */
export async function runReplayServer(
  program: ReplayServerProgram,
  host: ProgramHost,
): Promise<void> {
  const server = new ReplayServer(program, host);
  await Promise.all(program.servers.map(({ playedAt, ...as }) => server.serve(playedAt, as)));
}

class ReplayServer {
  readonly #host: ProgramHost;
  readonly #guest: string;
  readonly #miss: MissPolicy;
  readonly #matcher: TapeMatcher;
  readonly #log = new AnswerLog();
  #open = 0;

  constructor({ guest, miss, tape }: ReplayServerProgram, host: ProgramHost) {
    this.#host = host;
    this.#guest = guest;
    this.#miss = miss;
    this.#matcher = Tape.parse(tape, `the tape for ${guest}`).matcher();
  }

  /** Until the listener is closed with its host. */
  async serve(port: number, as: Endpoint): Promise<void> {
    const listener = this.#host.network.listen(port);
    this.#host.report({ kind: "replay.listening", guest: this.#guest, port });
    // An error of this program itself must end it, not vanish in a detached promise.
    const internal = Promise.withResolvers<never>();
    internal.promise.catch(() => listener.close());
    for (;;) {
      const socket = await Promise.race([accepted(listener), internal.promise]);
      if (socket === null) return;
      if (this.#open >= REPLAY_LIMITS.connectionsMax) {
        socket.destroy();
        this.#fault("crowded-out");
        continue;
      }
      this.#open++;
      this.#converse(socket, as)
        .finally(() => this.#open--)
        .catch(internal.reject);
    }
  }

  async #converse(socket: Socket, as: Endpoint): Promise<void> {
    try {
      await this.#answerAll(socket, as);
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      this.#fault(error.code);
    }
  }

  async #answerAll(socket: Socket, as: Endpoint): Promise<void> {
    const { timers } = this.#host.network;
    let out: Uint8Array[] = [];
    let ended = false;
    const conversation = new Conversation({
      answer: (request) => this.#answer(as, request),
      write: (bytes) => out.push(bytes),
      end: () => {
        ended = true;
      },
      count: (event) => this.#fault(event),
    });
    while (!ended) {
      const cancel = timers.after(REPLAY_LIMITS.idleMs, () => socket.destroy());
      const bytes = await socket.read().finally(cancel);
      if (bytes === null) {
        conversation.receivedEnd();
        break;
      }
      conversation.received(bytes);
      // Nothing more is read before this is on its way: a guest that asks on without reading waits.
      for (const piece of out) if (piece.length > 0) await socket.write(piece);
      out = [];
    }
    socket.end();
  }

  #answer(as: Endpoint, request: RequestHead | null): Answer {
    const { method, uri } = request ?? { method: "", uri: "" };
    const entry = request === null ? null : this.#matcher.take(as, method, uri);
    const answer = entry ?? missAnswer(this.#miss);
    const { server, label, bytes } = this.#log.add(
      this.#host.timers.nowNs(),
      as,
      { method, uri },
      answer.spans,
    );
    this.#host.report({
      kind: "replay.answer",
      guest: this.#guest,
      server,
      method,
      uri: uri.slice(0, 200),
      label,
      ...bytes,
    });
    return answer;
  }

  #fault(what: string): void {
    this.#host.report({ kind: "replay.fault", guest: this.#guest, what });
  }
}

/** The next connection, or `null` once the listener is closed. */
async function accepted(listener: Listener): Promise<Socket | null> {
  try {
    return await listener.accept();
  } catch (error) {
    if (error instanceof SocketError) return null;
    throw error;
  }
}
