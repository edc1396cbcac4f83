import type { Clock } from "./clock.ts";
import type { LockAnswer, LockClaim } from "./lock-protocol.ts";
import { errnoOf } from "./node-errors.ts";
import type { NodeNet, NodeServer, NodeSocket } from "./node-net.ts";

/**
 * The two ends of a lock's socket (or pipe). The listener answers whoever connects with one line, and closes:
 *
 *     process 4711 on myhost\n            it holds the lock
 *     asking process 4711 on myhost\n     it is about to take it, or to give way
 *
 * That a connection is accepted means that the process lives; the kernel accepts it also for one whose event loop is
 * blocked or that is stopped. The line is only for people, who want to know whom to end.
 */
const ASKING = "asking ";

/** How long the line is waited for. */
export const ANSWER_WAIT_MS = 500;

/** A line is short; whatever sends more is not one of ours, and alive. */
const LINE_BYTES_MAX = 1024;

/** How often a connection that was accepted and ended without a line is made again. */
const CONNECTIONS_MAX = 5;

/** Listens at `path`, exclusively; `undefined` if something is there. Rejects with the platform's error. */
export function listenAt(net: NodeNet, path: string, who: string): Promise<LockClaim | undefined> {
  return new Promise((resolve, reject) => {
    const listener = new LockListener(net, who);
    listener.server.on("error", (error) => {
      if (errnoOf(error) === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    // `exclusive`: or else the workers of a cluster all listen on one socket of the primary's, and each has the lock.
    // `writableAll`: who may not write a socket cannot ask it, and what a dead process of another user left behind
    // would stand in the way for ever. The bytes that are sent to it are never looked at.
    listener.server.listen({ path, exclusive: true, writableAll: true }, () => resolve(listener));
  });
}

class LockListener implements LockClaim {
  readonly server: NodeServer;
  readonly #who: string;
  readonly #connections: Set<NodeSocket> = new Set();
  #holding = false;

  constructor(net: NodeNet, who: string) {
    this.#who = who;
    this.server = net.createServer((socket) => this.#answer(socket));
  }

  hold(): void {
    this.#holding = true;
    this.server.unref();
  }

  /** Closing removes the socket's file and then the socket, in this order and before it returns. */
  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.#connections) socket.destroy();
  }

  #answer(socket: NodeSocket): void {
    socket.unref();
    this.#connections.add(socket);
    socket.on("close", () => this.#connections.delete(socket));
    // Whoever asked may be gone before the answer is.
    socket.on("error", () => socket.destroy());
    socket.end(`${this.#holding ? "" : ASKING}${this.#who}\n`);
  }
}

/** Asks whoever listens at `path`. Rejects with the platform's error where that does not tell. */
export async function askAt(net: NodeNet, clock: Clock, path: string): Promise<LockAnswer> {
  for (let connection = 1; connection <= CONNECTIONS_MAX; connection += 1) {
    const answer = await askOnce(net, clock, path);
    if (answer !== "hung up") return answer;
  }
  return SILENT;
}

/** It lives, and does not say who it is: that is how a holder with a blocked event loop looks. */
const SILENT: LockAnswer = { kind: "holding", holder: undefined };

/** Nobody listens there: no process, no file, or a plain file that has the name of a socket. */
const DEAD: ReadonlySet<string | undefined> = new Set(["ECONNREFUSED", "ENOENT", "ENOTSOCK"]);

/** It lives: more have connected than it has answered so far, or it was ended or closed just now. */
const ALIVE: ReadonlySet<string | undefined> = new Set(["EAGAIN", "EBUSY"]);
const ENDED: ReadonlySet<string | undefined> = new Set(["ECONNRESET", "EPIPE"]);

/**
 * Whether anybody listens at `path`: somebody whose connection is accepted, whatever it would answer, and how long it took
 * to. Rejects with the platform's error where that does not tell.
 */
export function isListeningAt(net: NodeNet, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path });
    const finish = (isListening: boolean): void => {
      socket.destroy();
      resolve(isListening);
    };
    socket.on("connect", () => finish(true));
    socket.on("error", (error) => {
      const errno = errnoOf(error);
      if (DEAD.has(errno)) finish(false);
      else if (ALIVE.has(errno) || ENDED.has(errno)) finish(true);
      else reject(error);
    });
  });
}

function askOnce(net: NodeNet, clock: Clock, path: string): Promise<LockAnswer | "hung up"> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path });
    const timer = clock.setTimer(() => finish(SILENT), ANSWER_WAIT_MS);
    let line = "";
    const finish = (answer: LockAnswer | "hung up"): void => {
      timer.cancel();
      socket.destroy();
      resolve(answer);
    };
    socket.on("data", (bytes) => {
      line += new TextDecoder().decode(bytes);
      if (line.includes("\n")) finish(parseLine(line));
      else if (line.length >= LINE_BYTES_MAX) finish(SILENT);
    });
    socket.on("error", (error) => {
      const errno = errnoOf(error);
      if (DEAD.has(errno)) finish({ kind: "dead" });
      else if (ALIVE.has(errno)) finish(SILENT);
      else if (ENDED.has(errno)) finish("hung up");
      else {
        timer.cancel();
        reject(error);
      }
    });
    // The process ended, or closed its socket, before it answered; the next connection will tell.
    socket.on("close", () => finish("hung up"));
  });
}

function parseLine(text: string): LockAnswer {
  const line = text.slice(0, text.indexOf("\n"));
  if (line.startsWith(ASKING)) return { kind: "asking", holder: line.slice(ASKING.length) };
  return { kind: "holding", holder: line };
}
