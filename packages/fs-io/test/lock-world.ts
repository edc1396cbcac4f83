import { type LockAnswer, type LockClaim, type LockPlaces, takeLock } from "../src/lock-protocol.ts";

/**
 * A directory with sockets, and processes that take its lock, all at the mercy of a script: each call of the protocol
 * waits until the script gives its process a turn, so a process can be stopped between any two of them, and killed.
 *
 * What the real world does is copied, its inconveniences included: binding and listening are two steps, what is bound
 * and does not listen looks dead, listening fails where the file of what was bound is gone, and closing a socket removes
 * whatever lies under its name.
 */
export class LockWorld {
  readonly sockets: Map<number, Socket> = new Map();
  readonly processes: LockProcess[] = [];
  /** The most that ever held the lock at once. */
  holdersMax = 0;
  #time = 0;

  /** With `givesNumbersAgain`, `freshNumber` does not keep its promise. */
  constructor(processCount: number, givesNumbersAgain: boolean = false) {
    for (let index = 0; index < processCount; index += 1) {
      this.processes.push(new LockProcess(this, () => (givesNumbersAgain ? 0 : (this.#time += 1))));
    }
  }

  get holders(): number {
    return this.processes.filter((process) => process.holds).length;
  }

  /** Gives the process one turn, and lets everything happen that follows from it. */
  async step(index: number): Promise<void> {
    const process = this.processes[index % this.processes.length];
    const go = process.waiting;
    if (go === undefined) return;
    process.waiting = undefined;
    go();
    await new Promise((resolve) => setImmediate(resolve));
    this.holdersMax = Math.max(this.holdersMax, this.holders);
  }

  /** Gives everyone turns until nobody wants one. */
  async finish(): Promise<void> {
    for (let turns = 0; this.processes.some((process) => process.waiting !== undefined); turns += 1) {
      if (turns > 10_000) throw new Error("the processes do not come to an end");
      await this.step(turns);
    }
  }
}

interface Socket {
  readonly owner: LockProcess;
  state: "bound" | "asking" | "holding" | "closed";
}

export class LockProcess implements LockPlaces {
  holds = false;
  killed = false;
  timesHeld = 0;
  waiting: (() => void) | undefined;
  readonly freshNumber: () => number;
  readonly #world: LockWorld;

  constructor(world: LockWorld, freshNumber: () => number) {
    this.#world = world;
    this.freshNumber = freshNumber;
  }

  /** Asks for the lock so many times; what it gets it holds for a while, and then releases if `releases`. */
  async live(attempts: number, releases: boolean): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const result = await takeLock(this);
      if (result.kind === "locked") continue;
      this.holds = true;
      this.timesHeld += 1;
      await this.#turn();
      if (!releases) return;
      this.holds = false;
      await result.claim.close();
    }
  }

  kill(): void {
    this.killed = true;
    this.holds = false;
    this.waiting = undefined;
  }

  async list(): Promise<number[]> {
    await this.#turn();
    return [...this.#world.sockets.keys()];
  }

  async claim(number: number): Promise<LockClaim | undefined> {
    await this.#turn();
    if (this.#world.sockets.has(number)) return undefined;
    const socket: Socket = { owner: this, state: "bound" };
    this.#world.sockets.set(number, socket);
    await this.#turn();
    if (!this.#world.sockets.has(number)) return undefined;
    socket.state = "asking";
    return {
      hold: () => (socket.state = "holding"),
      close: async () => {
        await this.#turn();
        this.#world.sockets.delete(number);
        socket.state = "closed";
      },
    };
  }

  async ask(number: number): Promise<LockAnswer> {
    await this.#turn();
    const socket = this.#world.sockets.get(number);
    if (socket === undefined || socket.owner.killed) return { kind: "dead" };
    const { state } = socket;
    return state === "asking" || state === "holding" ? { kind: state, holder: undefined } : { kind: "dead" };
  }

  async remove(number: number): Promise<void> {
    await this.#turn();
    this.#world.sockets.delete(number);
  }

  pause(): Promise<void> {
    return this.#turn();
  }

  /** Never goes on once the process is killed. */
  #turn(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.killed) this.waiting = resolve;
    });
  }
}
