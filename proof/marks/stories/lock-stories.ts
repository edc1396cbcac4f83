import { EventEmitter } from "node:events";
import {
  FsError,
  nodeFileSystem,
  type FsErrorCode,
  type DirectoryLock,
  type NodeFs,
  type NodeNet,
} from "@hashlog/fs-io";
import { must, type Story } from "./story.ts";

const NAME = "store.lock";
const NO_STATS = { size: 0, isFile: () => false, isDirectory: () => true };

type Listing = readonly number[] | "its own" | "fails";
type Answer = "dead" | "asking" | "holding";

/**
 * A directory of sockets that are not there: what each look into it shows, and what each socket says that is asked, one
 * after the other, the last for ever. `"its own"` is the number that was claimed last.
 */
class Stage {
  readonly removed: string[] = [];
  readonly #claimable: boolean;
  readonly #listings: Listing[];
  readonly #answers: Answer[];
  #hasDescriptors = true;
  #own = "";

  constructor(listings: readonly Listing[], answers: readonly Answer[] = ["dead"], claimable: boolean = true) {
    this.#listings = [...listings];
    this.#answers = [...answers];
    this.#claimable = claimable;
  }

  lock(directory: string = "/somewhere"): Promise<DirectoryLock> {
    const clock = {
      now: () => 1,
      elapsedMs: () => 0,
      setTimer: () => ({ cancel: () => undefined }),
      yield: () => Promise.resolve(),
    };
    return nodeFileSystem({ platform: "linux", fs: this.#fs(), net: this.#net(), clock }).lock(directory, NAME);
  }

  /** There is no way to a directory through an open descriptor. */
  withoutDescriptors(): this {
    this.#hasDescriptors = false;
    return this;
  }

  #fs(): Partial<NodeFs> {
    return {
      open: (_path, _flags, _mode, done) => done(null, 3),
      close: (_descriptor, done) => done(null),
      stat: (_path, done) => done(this.#hasDescriptors ? null : new Error("not mounted"), NO_STATS),
      mkdtemp: (prefix, done) => done(null, `${prefix}XXXXXX`),
      symlink: (_target, _path, done) => done(null),
      rmdir: (_path, done) => done(null),
      statSync: () => ({ dev: 1n, ino: 2n }),
      readdir: (_path, done) => {
        const listing = this.#listings.length > 1 ? this.#listings.shift()! : this.#listings[0]!;
        if (listing === "fails") return done(Object.assign(new Error("EIO"), { code: "EIO" }), []);
        done(null, listing === "its own" ? [this.#own] : listing.map((number) => `${NAME}-${number}`));
      },
      unlink: (path, done) => {
        this.removed.push(path.slice(path.lastIndexOf("-") + 1));
        done(null);
      },
    };
  }

  #net(): NodeNet {
    return {
      createServer: () => this.#server(),
      connect: () => {
        const answer = this.#answers.length > 1 ? this.#answers.shift()! : this.#answers[0]!;
        const socket = Object.assign(new EventEmitter(), { end() {}, destroy() {}, unref() {} });
        setImmediate(() => {
          if (answer === "dead") socket.emit("error", Object.assign(new Error("dead"), { code: "ECONNREFUSED" }));
          else socket.emit("data", new TextEncoder().encode(`${answer === "asking" ? "asking " : ""}process 7\n`));
        });
        return socket;
      },
    };
  }

  #server(): ReturnType<NodeNet["createServer"]> {
    const server = new EventEmitter();
    return Object.assign(server, {
      listen: ({ path }: { path: string }, onListening: () => void) => {
        this.#own = path.slice(path.lastIndexOf("/") + 1);
        if (this.#claimable) setImmediate(onListening);
        else setImmediate(() => server.emit("error", Object.assign(new Error("in use"), { code: "EADDRINUSE" })));
      },
      close: () => undefined,
      unref: () => undefined,
    });
  }
}

async function mustBeRefused(taking: Promise<DirectoryLock>, code: FsErrorCode): Promise<void> {
  const outcome = await taking.then(
    () => "taken",
    (error: unknown) => (FsError.is(error) ? error.code : String(error)),
  );
  must(outcome === code, `${outcome} is ${code}`);
}

function mustBeLocked(taking: Promise<DirectoryLock>): Promise<void> {
  return mustBeRefused(taking, "FS_LOCKED");
}

async function withTemporaryDirectory(path: string, work: () => Promise<void>): Promise<void> {
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = path;
  try {
    await work();
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
}

async function mustBeTaken(taking: Promise<DirectoryLock>): Promise<void> {
  await (await taking).release();
}

/** The number that a process claims on a stage, by its clock; one above, and one below. */
const OWN = 1000 + (process.pid % 1000);
const HIGHER = 999_999;
const LOWER = 5;

/** The lock of a directory among processes that come, go and die between any two of its steps. */
export const lockStories: readonly Story[] = [
  {
    title: "the lock is taken, keeps this process out, and is released",
    marks: ["lock/taken", "lock/held-by-this-process", "lock/released"],
    tell: async () => {
      const stage = new Stage([[], "its own"]);
      const lock = await stage.lock();
      await mustBeLocked(stage.lock());
      await lock.release();
    },
  },
  {
    title: "a living holder keeps everybody out, whether it is seen before the claim or after",
    marks: [
      "lock/held-by-another",
      "lock/not-taken",
      "lock/lower-rival-holds",
      "lock/gave-way",
      "lock/higher-rival",
      "lock/place-taken-meanwhile",
    ],
    tell: async () => {
      await mustBeLocked(new Stage([[LOWER]], ["holding"]).lock());
      await mustBeLocked(new Stage([[], [LOWER, OWN]], ["holding"]).lock());
      await mustBeLocked(new Stage([[], [OWN, HIGHER]], ["holding"]).lock());
      await mustBeLocked(new Stage([[]], ["holding"], false).lock());
    },
  },
  {
    title: "what dead processes left is removed by whoever takes the lock",
    marks: ["lock/dead-ones-removed"],
    tell: async () => {
      const stage = new Stage([[LOWER], [LOWER, OWN]]);
      await mustBeTaken(stage.lock());
      must(stage.removed.includes(String(LOWER)), "the dead one is removed");
    },
  },
  {
    title: "a rival that is still asking is given the time to give way",
    marks: ["lock/lower-rival-waited-for"],
    tell: async () => {
      const both = [LOWER, OWN];
      await mustBeTaken(new Stage([[], both, both, "its own"], ["asking", "dead"]).lock());
    },
  },
  {
    title: "who loses its place, or the race for it, tries again, and in the end gives up",
    marks: ["lock/own-place-removed", "lock/tried-again", "lock/given-up", "lock/withdrawn-on-failure"],
    tell: async () => {
      await mustBeTaken(new Stage([[], [], [], "its own"]).lock());
      await mustBeLocked(new Stage([[]], ["dead"], false).lock());
      await mustBeRefused(new Stage([[], "fails"]).lock(), "FS_IO");
    },
  },
  {
    title: "a directory with a path that is too long for a socket is reached by another way, or refused",
    marks: ["lock/route-by-descriptor", "lock/route-by-link", "lock/path-too-long"],
    tell: async () => {
      const long = `/${"d".repeat(120)}`;
      await mustBeTaken(new Stage([[], "its own"]).lock(long));
      await mustBeTaken(new Stage([[], "its own"]).withoutDescriptors().lock(long));
      await withTemporaryDirectory(long, async () => {
        await mustBeRefused(new Stage([[]]).withoutDescriptors().lock(long), "FS_NOT_SUPPORTED");
      });
    },
  },
];
