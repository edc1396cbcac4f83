import type { FileSystem } from "@hashlog/fs-io";
import { SimulatedDisk, type WaitingCall } from "@hashlog/fs-io/testing";
import { quiet } from "../../world/quiet.ts";
import { long, Script } from "../../world/script.ts";
import { emptyStore } from "../../world/text-store.ts";
import { altered } from "../../../test/support/altered.ts";
import { goOnBut, goOnUntil, must, mustFail, mustHold, threeSegments, THREE, type Story } from "./story.ts";

const SEGMENT = ".segment";

const isSync = ({ operation, path }: WaitingCall): boolean => operation === "sync" && path.endsWith(SEGMENT);
const isRead = ({ operation, path }: WaitingCall): boolean => operation === "read" && path.endsWith(SEGMENT);

/** A store with "a", and something to merge, on a file system that cannot read synchronously; and the version of "a". */
async function readingLater(): Promise<{ script: Script; version: number }> {
  const script = new Script(new SimulatedDisk({ image: await emptyStore() }));
  await script.open(altered<FileSystem>(script.disk.boot(), { readsSynchronously: false }));
  await script.store.put("a", long("1"));
  for (const value of ["1", "2"]) await script.store.put("z", value);
  const entry = await script.store.getEntry("a");
  return { script, version: entry!.version };
}

async function merge({ store }: Script): Promise<void> {
  must((await store.compact()).bytesFreed > 0, "there was something to merge");
}

/** What may happen while the version of "a" is read, and whether a write on the condition of that version is done then. */
const MEANWHILE: readonly (readonly [what: string, holds: boolean, happens: (script: Script) => Promise<unknown>])[] = [
  ["nothing", true, () => Promise.resolve()],
  ["another write", false, ({ store }) => store.put("a", long("2"))],
  ["a deletion", false, ({ store }) => store.delete("a")],
  ["a merge, which moves the record", true, merge],
  [
    // The slot of the merged segment would be the next one's, and the record would lie where the old one did.
    "a merge, and another write",
    false,
    async (script) => {
      await merge(script);
      await script.store.put("a", long("2"));
    },
  ],
];

/** Conditional writes, by what is not acknowledged yet, and by what has to be read first. */
export const conditionStories: readonly Story[] = [
  {
    title:
      "a condition is decided by the writes that wait, and answered when they are acknowledged, or refused with them",
    marks: ["condition/decided-by-a-waiting-write"],
    tell: async () => {
      for (const fails of [false, true]) {
        const script = await threeSegments({ segments: 2 });
        const { store, disk } = script;
        disk.pause();
        if (fails) disk.inject({ at: { operation: "sync", path: SEGMENT }, kind: "EIO" });
        const first = store.put("d", "4");
        await goOnUntil(disk, () => disk.waiting.some(isSync), isSync);
        let answers = 0;
        const refused = store.put("d", "5", { ifAbsent: true }).finally(() => (answers += 1));
        const restsOnNothing = store.put("a", "5", { ifAbsent: true });
        must(!(await restsOnNothing), "a is there");
        await script.turns(100);
        must(answers === 0, "what may come to nothing answers nothing");
        disk.resume();
        if (fails) {
          await mustFail(first, "HASHLOG_WRITES_DISABLED");
          await mustFail(refused, "HASHLOG_WRITES_DISABLED");
          await mustHold(script, THREE);
          continue;
        }
        await first;
        must(!(await refused), "d was on its way");
        const [put, again] = [store.delete("d"), store.put("d", "6", { ifAbsent: true })];
        must((await put) && (await again), "the deletion counts before it is acknowledged");
        await mustHold(script, { ...THREE, d: "6" });
      }
    },
  },
  {
    title: "a version that has to be read first counts only for the place where it was, which stays that record's",
    marks: ["condition/version-to-be-read-first", "segment/slot-held-back"],
    tell: async () => {
      for (const [what, holds, happens] of MEANWHILE) {
        const { script, version } = await readingLater();
        const { disk, store } = script;
        disk.pause();
        const write = store.put("a", "by version", { ifVersion: version });
        await goOnUntil(disk, () => disk.waiting.some(isRead), isRead);
        const held = disk.waiting.find(isRead)!;
        await goOnBut(disk, happens(script), ({ call }) => call === held.call);
        const before = store.getSync("a");
        disk.resume();
        must((await write) === holds, `after ${what} it is ${holds ? "" : "not "}done`);
        must(store.getSync("a") === (holds ? "by version" : before), `after ${what} there is what should be`);
        await quiet();
        await script.cutPowerAndOpen("drop-all");
        must(script.store.getSync("a") === (holds ? "by version" : before), `${what} is durable`);
      }
    },
  },
];
