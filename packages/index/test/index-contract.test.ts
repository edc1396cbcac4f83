import { describe, expect, test } from "vitest";
import {
  hashKeydir,
  type Keydir,
  type KeydirCursor,
  type KeydirFactory,
  type KeydirPage,
  type KeydirRange,
  type KeydirScan,
  type RecordLocation,
} from "@hashlog/index";
import { runIndexContract } from "@hashlog/index/testing";

/** A suite is worth what it finds: each of these keydirs has one fault, and that section must tell. */
const FAULTS: Record<string, Record<string, (keydir: Keydir) => Partial<Keydir>>> = {
  "keys and locations": {
    "finds nothing": () => ({ find: () => false }),
    "touches the target of a find that fails": (keydir) => ({
      find: (bytes, start, end, found) => {
        found.offset = 1;
        return keydir.find(bytes, start, end, found);
      },
    }),
    "does not say what a put replaced": (keydir) => ({
      put: (bytes, start, end, location) => keydir.put(bytes, start, end, location, nowhere()),
    }),
    "forgets expiries": (keydir) => ({
      put: (bytes, start, end, location, replaced) =>
        keydir.put(bytes, start, end, { ...location, expiresAtMs: 0 }, replaced),
    }),
    "looks at the first 4,096 bytes of a key only": (keydir) => ({
      find: (bytes, start, end, found) => keydir.find(bytes, start, Math.min(end, start + 4096), found),
      put: (bytes, start, end, location, replaced) =>
        keydir.put(bytes, start, Math.min(end, start + 4096), location, replaced),
    }),
    "tallies from zero": (keydir) => ({
      tally: (shard, tally) => {
        tally.records.fill(0);
        tally.bytes.fill(0);
        keydir.tally(shard, tally);
      },
    }),
    "counts what expires only later as expired": (keydir) => ({
      tally: (shard, tally) => keydir.tally(shard, { ...tally, asOfMs: tally.asOfMs + 1 }),
    }),
    "counts what never expires as expired": (keydir) => ({
      tally: (shard, tally) => {
        keydir.tally(shard, tally);
        tally.expiredRecords.set(tally.records);
      },
    }),
    "names no shard of its own": (keydir) => ({ shardOf: () => keydir.shardCount }),
  },
  "moving and dropping": {
    "relocates whatever is there": (keydir) => ({
      relocate: (bytes, start, end, _expected, target) =>
        keydir.find(bytes, start, end, nowhere()) && keydir.put(bytes, start, end, target, nowhere()),
    }),
    "brings deleted keys back in a merge": (keydir) => ({
      relocate: (bytes, start, end, expected, target) => {
        const found = nowhere();
        const there = keydir.find(bytes, start, end, found);
        if (there && (found.offset !== expected.offset || found.segmentSlot !== expected.segmentSlot)) return false;
        keydir.put(bytes, start, end, target, nowhere());
        return true;
      },
    }),
    "does not relocate from offset 0": (keydir) => ({
      relocate: (bytes, start, end, expected, target) =>
        expected.offset !== 0 && keydir.relocate(bytes, start, end, expected, target),
    }),
    "deletes at the place by offset alone": (keydir) => ({
      deleteIfAt: (bytes, start, end, expected) => {
        const found = nowhere();
        return (
          keydir.find(bytes, start, end, found) &&
          found.offset === expected.offset &&
          keydir.delete(bytes, start, end, found)
        );
      },
    }),
  },
  views: {
    "has views that see what comes later": (keydir) => ({
      openView: () => {
        const view = keydir.openView();
        return { ...methodsOf(view), size: view.size, find: keydir.find.bind(keydir) };
      },
    }),
    "gives everything in one page": (keydir) => ({
      openView: () => {
        const view = keydir.openView();
        const openScan = (): KeydirScan => {
          const scan = view.openScan();
          return { nextPage: () => joined(pagesOf(() => scan.nextPage())) };
        };
        return { ...methodsOf(view), size: view.size, openScan };
      },
    }),
    "gives a page twice": (keydir) => ({
      openView: () => {
        const view = keydir.openView();
        const openScan = (): KeydirScan => {
          const scan = view.openScan();
          let again: KeydirPage | undefined;
          const nextPage = (): KeydirPage | undefined => {
            const page = again ?? scan.nextPage();
            again = again === undefined ? page : undefined;
            return page;
          };
          return { nextPage };
        };
        return { ...methodsOf(view), size: view.size, openScan };
      },
    }),
    "lets closed views be read": (keydir) => ({
      openView: () => {
        const view = keydir.openView();
        return { ...methodsOf(view), size: view.size, close: () => {} };
      },
    }),
  },
  ranges: {
    "has no order, whatever it says": (keydir) => withCursors(keydir, (view) => view.openScan()),
    "takes the bound for one of the range": (keydir) =>
      withCursors(keydir, (view, { to, ...range }) => {
        const behind = to && Uint8Array.from([...to, 0]);
        return view.openCursor({ ...range, to: behind });
      }),
    "goes forward only": (keydir) =>
      withCursors(keydir, (view, range) => view.openCursor({ ...range, reverse: false })),
    "gives pages of any size": (keydir) =>
      withCursors(keydir, (view, range) => {
        const cursor = view.openCursor(range);
        return { nextPage: () => cursor.nextPage() };
      }),
    "orders what is there when it is told to, and nothing later": (keydir) => {
      const names = new Set<string>();
      let isOrdered = false;
      return {
        beginOrdering: () => {
          isOrdered = true;
          return keydir.beginOrdering();
        },
        put: (bytes, start, end, location, replaced) => {
          if (isOrdered) names.add(String(bytes.subarray(start, end)));
          return keydir.put(bytes, start, end, location, replaced);
        },
        ...withCursors(keydir, (view, range) => {
          const cursor = view.openCursor(range);
          const isOld = (page: KeydirPage): boolean => page.count > 1 || !names.has(String(page.keys));
          const nextPage = (): KeydirPage | undefined => {
            for (let page = cursor.nextPage(1); page !== undefined; page = cursor.nextPage(1)) {
              if (isOld(page)) return page;
            }
            return undefined;
          };
          return { nextPage };
        }),
      };
    },
    "says that it is ordered before it is": (keydir) => ({ isOrdered: true, openView: () => keydir.openView() }),
  },
  loading: {
    "loads the record that comes last": (keydir) => ({
      beginLoad: () => {
        const loader = keydir.beginLoad();
        let calls = 0;
        return {
          put: (bytes, start, end, _sequence, location) => loader.put(bytes, start, end, ++calls, location),
          delete: (bytes, start, end) => loader.delete(bytes, start, end, ++calls),
          finish: () => loader.finish(),
        };
      },
    }),
    "forgets tombstones while loading": (keydir) => ({
      beginLoad: () => {
        const loader = keydir.beginLoad();
        return { put: loader.put.bind(loader), delete: () => {}, finish: () => loader.finish() };
      },
    }),
    "takes a tombstone for newer than a put of the same sequence": (keydir) => ({
      beginLoad: () => {
        const loader = keydir.beginLoad();
        return {
          put: (bytes, start, end, sequence, location) => loader.put(bytes, start, end, 2 * sequence, location),
          delete: (bytes, start, end, sequence) => loader.delete(bytes, start, end, 2 * sequence + 1),
          finish: () => loader.finish(),
        };
      },
    }),
  },
  dumps: {
    "takes every dump for an empty one": () => ({ loadShard: () => {} }),
    "fails on a bad dump with an error of its own": (keydir) => refusingStrangely(keydir, 0),
    "fails on a bad dump with an error of its own, but for the first ones": (keydir) => refusingStrangely(keydir, 100),
    "loses what is put into loaded shards now and then": (keydir) => {
      let puts = 0;
      let isLoaded = false;
      return {
        loadShard: (shard, dump) => {
          isLoaded = true;
          keydir.loadShard(shard, dump);
        },
        put: (bytes, start, end, location, replaced) => {
          puts += 1;
          return isLoaded && puts % 100 === 0 ? false : keydir.put(bytes, start, end, location, replaced);
        },
      };
    },
    "dumps one shard for all": (keydir) => ({ dumpShard: () => keydir.dumpShard(0) }),
  },
  "everything at random": {
    "counts keys that were deleted": (keydir) => {
      let deleted = 0;
      return {
        get size() {
          return keydir.size + deleted;
        },
        delete: (bytes, start, end, removed) => {
          const there = keydir.delete(bytes, start, end, removed);
          if (there) deleted++;
          return there;
        },
      };
    },
  },
};

/** Over all keydirs of one run of the suite. */
let refusals = 0;

function refusingStrangely(keydir: Keydir, after: number): Partial<Keydir> {
  return {
    loadShard: (shard, dump) => {
      try {
        keydir.loadShard(shard, dump);
      } catch (error) {
        refusals += 1;
        throw refusals > after ? new RangeError("bad dump") : error;
      }
    },
  };
}

describe("the Keydir contract", () => {
  for (const [section, faults] of Object.entries(FAULTS)) {
    for (const [fault, alter] of Object.entries(faults)) {
      test(`is broken, in "${section}", by a keydir that ${fault}`, () => {
        refusals = 0;
        expect(failuresOf((options) => withFault(hashKeydir(options), alter), section).length).toBeGreaterThan(0);
      });
    }
  }

  test("is kept by the same keydir without a fault", () => {
    const failures = Object.keys(FAULTS).flatMap((section) =>
      failuresOf((options) => withFault(hashKeydir(options), () => ({})), section),
    );
    expect(failures).toEqual([]);
  });

  test("names the seed in what a random test says", () => {
    const alter = FAULTS["keys and locations"]["finds nothing"];
    const [message] = failuresOf((options) => withFault(hashKeydir(options), alter), "everything at random");
    expect(message).toMatch(/^with seed 1: the contract is broken: /);
  });
});

/** Runs a section of the suite with a runner that keeps what the first failing test says, and runs no other then. */
function failuresOf(factory: KeydirFactory, section: string): string[] {
  const failures: string[] = [];
  let inside = false;
  const runner = {
    describe: (name: string, body: () => void): void => {
      inside = name === section;
      body();
    },
    test: (_name: string, body: () => void): void => {
      if (!inside || failures.length > 0) return;
      try {
        body();
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    },
  };
  runIndexContract(runner, "a keydir", factory);
  return failures;
}

function withFault(keydir: Keydir, alter: (keydir: Keydir) => Partial<Keydir>): Keydir {
  const fault = alter(keydir);
  return new Proxy(keydir, {
    get: (_target, name: keyof Keydir) => {
      if (name in fault) return fault[name];
      const value = keydir[name];
      return typeof value === "function" ? value.bind(keydir) : value;
    },
  });
}

function nowhere(): RecordLocation {
  return { segmentSlot: 0, offset: 0, valueBytes: 0, expiresAtMs: 0 };
}

type View = ReturnType<Keydir["openView"]>;

function methodsOf(view: View): Pick<View, "find" | "openScan" | "openCursor" | "close"> {
  return {
    find: view.find.bind(view),
    openScan: view.openScan.bind(view),
    openCursor: view.openCursor.bind(view),
    close: view.close.bind(view),
  };
}

/** The keydir with views whose cursors `alter` gives. */
function withCursors(keydir: Keydir, alter: (view: View, range: KeydirRange) => KeydirCursor): Partial<Keydir> {
  return {
    openView: () => {
      const view = keydir.openView();
      return { ...methodsOf(view), size: view.size, openCursor: (range = {}) => alter(view, range) };
    },
  };
}

function pagesOf(next: () => KeydirPage | undefined): KeydirPage[] {
  const pages: KeydirPage[] = [];
  for (let page = next(); page !== undefined; page = next()) pages.push(page);
  return pages;
}

function joined(pages: readonly KeydirPage[]): KeydirPage | undefined {
  if (pages.length === 0) return undefined;
  let before = 0;
  return {
    count: pages.reduce((sum, { count }) => sum + count, 0),
    keys: Uint8Array.from(pages.flatMap(({ keys }) => [...keys])),
    keyEnds: Uint32Array.from(
      pages.flatMap(({ keys, keyEnds }) => {
        const start = before;
        before += keys.length;
        return [...keyEnds].map((end) => start + end);
      }),
    ),
    segmentSlots: Uint16Array.from(pages.flatMap(({ segmentSlots }) => [...segmentSlots])),
    offsets: Uint32Array.from(pages.flatMap(({ offsets }) => [...offsets])),
    valueBytes: Uint32Array.from(pages.flatMap(({ valueBytes }) => [...valueBytes])),
    expiresAtMs: Float64Array.from(pages.flatMap(({ expiresAtMs }) => [...expiresAtMs])),
  };
}
