import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { SeededRandom } from "@hashlog/fs-io/testing";
import { expect, onTestFinished, test } from "vitest";
import type { FollowerOrder, FollowerReport, Seen } from "./fixtures/checking-follower.ts";
import type { Acknowledged, WriterOrder, WriterReport } from "./fixtures/counting-writer.ts";
import { checkFiles } from "./support/check-invariants.ts";
import { recount } from "./support/recount.ts";
import { nodeWorld, type World } from "./support/worlds.ts";

const WRITING_MS = 4000;

/** Another process, which is told what to do and reports. It is killed when the test ends, if it lives that long. */
class Actor<Order extends object, Report extends { readonly kind: string }> {
  readonly #process: ChildProcess;
  readonly #reports: Report[] = [];
  #tell: (() => void) | undefined;

  constructor(fixture: string) {
    this.#process = fork(join(import.meta.dirname, "fixtures", fixture), {
      execArgv: ["--conditions=@hashlog/source"],
    });
    onTestFinished(() => void this.#process.kill("SIGKILL"));
    this.#process.on("message", (report: Report) => {
      this.#reports.push(report);
      this.#tell?.();
    });
  }

  get processId(): number {
    return this.#process.pid!;
  }

  /** Everything that was reported of that kind. */
  all<Kind extends Report["kind"]>(kind: Kind): Extract<Report, { readonly kind: Kind }>[] {
    return this.#reports.filter((report) => report.kind === kind) as Extract<Report, { readonly kind: Kind }>[];
  }

  /** Gives the order, and resolves to the first report of that kind. Rejects if the process reports a failure. */
  async order<Kind extends Report["kind"]>(
    order: Order,
    kind: Kind,
  ): Promise<Extract<Report, { readonly kind: Kind }>> {
    this.#process.send(order);
    for (;;) {
      const failures = this.all("failed" as Report["kind"]);
      if (failures.length > 0) throw new Error(JSON.stringify(failures));
      const [report] = this.all(kind);
      if (report !== undefined) return report;
      await new Promise<void>((resolve) => (this.#tell = resolve));
    }
  }

  async kill(): Promise<void> {
    const exit = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exit;
  }

  /** The files of that directory that the process has open, those included that are removed. */
  openFiles(directory: string): string[] {
    const folder = `/proc/${this.processId}/fd`;
    return readdirSync(folder).flatMap((fd) => {
      try {
        const target = readlinkSync(join(folder, fd));
        return target.startsWith(directory) ? [target] : [];
      } catch {
        return [];
      }
    });
  }
}

type Writer = Actor<WriterOrder, WriterReport>;
type Follower = Actor<FollowerOrder, FollowerReport>;

async function startFollower({ directory }: World): Promise<Follower> {
  const follower: Follower = new Actor("checking-follower.ts");
  await follower.order({ order: "begin", directory }, "began");
  return follower;
}

/** Nothing was seen before the sync that it was acknowledged after had come to its end. */
function checkAcknowledged(seen: readonly Seen[], writes: readonly Acknowledged[]): void {
  const notBefore = new Map(writes.map(([key, count, at]) => [`${key}|${count}`, at]));
  const early = seen.filter(([key, count, at]) => !(at >= (notBefore.get(`${key}|${count}`) ?? Infinity)));
  expect(early.slice(0, 5)).toEqual([]);
}

test("three processes follow a writer at full speed with merges, and every value that they see is one that it had acknowledged", async () => {
  const world = await nodeWorld();
  const { directory } = world;
  const random = new SeededRandom(4711);
  const writer: Writer = new Actor("counting-writer.ts");
  await writer.order({ order: "begin", directory }, "began");
  const followers = await Promise.all([1, 2, 3].map(() => startFollower(world)));
  const killed: Follower[] = [];
  const until = Date.now() + WRITING_MS;
  while (Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 300 + random.below(400)));
    const victim = followers.pop()!;
    await victim.kill();
    killed.push(victim);
    followers.push(await startFollower(world));
  }
  const { counts, merges } = await writer.order({ order: "end" }, "ended");
  const ends = await Promise.all(followers.map((follower) => follower.order({ order: "end", counts }, "ended")));

  expect(merges).toBeGreaterThan(10);
  for (const { checks } of ends) expect(checks).toBeGreaterThan(200);
  // Two of them have lived from the beginning.
  expect(ends.filter(({ checks, refreshes }) => checks > 2000 && refreshes > 20).length).toBe(2);
  const everyone = [...followers, ...killed];
  const seen = everyone.flatMap((follower) => follower.all("seen").flatMap(({ values }) => values));
  expect(seen.length).toBeGreaterThan(1000);
  checkAcknowledged(
    seen,
    writer.all("acknowledged").flatMap(({ writes }) => writes),
  );

  if (process.platform === "linux") {
    for (const follower of followers) expect(follower.openFiles(directory)).toEqual([]);
    expect(writer.openFiles(directory).filter((path) => path.endsWith("(deleted)"))).toEqual([]);
  }
  await checkFiles(world, await recount(world));
  await writer.order({ order: "close" }, "closed");
  await checkFiles(world, await recount(world));
  for (const actor of [writer, ...followers]) await actor.kill();
  const db = await world.open();
  expect(db.stats()).toMatchObject({ keys: Object.keys(counts).length, open: { clean: true, filesRemoved: [] } });
});

test("a process ends though it follows a store that it has not closed", async () => {
  const world = await nodeWorld();
  await world.open();
  const path = join(import.meta.dirname, "fixtures", "idle-follower.ts");
  const child = fork(path, [world.directory], { execArgv: ["--conditions=@hashlog/source"], stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  expect(await once(child, "exit")).toEqual([0, null]);
});
