import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { HashlogError, open, type Store } from "@hashlog/engine";
import { expect, onTestFinished, test } from "vitest";

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

/** Writes that fail, and whose answers nobody looks at. */
const UNAWAITED: Readonly<Record<string, (db: TextStore) => void>> = {
  "a write": (db) => {
    void db.put("b", "1");
    void db.delete("a");
    void db.batch([{ type: "delete", key: "a" }]);
  },
  "a conditional write": (db) => {
    void db.put("b", "1", { ifAbsent: true });
    void db.delete("a", { ifVersion: 1 });
    void db.batch([{ type: "put", key: "c", value: "1", ifAbsent: true }]);
  },
  clearing: (db) => {
    void db.clear();
  },
  "what writes nothing and waits for a sync": (db) => {
    void db.delete("missing", { sync: true });
    void db.batch([], { sync: true });
    void db.sync();
  },
};

test.each(Object.entries(UNAWAITED))(
  "%s that fails and nobody awaits is no unhandled rejection",
  async (_name, write) => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => {
      unhandled.push(reason);
    };
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", note);
    onTestFinished(() => {
      process.off("unhandledRejection", note);
      for (const other of others) process.on("unhandledRejection", other);
    });
    const disk = new SimulatedDisk();
    const db = await open("/store", { fileSystem: disk.boot(), sync: "never" });
    await db.put("a", "1");
    for (const operation of ["append", "sync"]) disk.inject({ at: { operation }, kind: "ENOSPC", sticky: true });
    write(db);
    await expect(db.put("c", "1", { sync: true })).rejects.toBeInstanceOf(HashlogError);
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
    disk.clearFaults();
    await db.close();
  },
);
