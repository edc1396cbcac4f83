import { HashlogError } from "@hashlog/engine";
import { hashKeydir, IndexError, type Keydir, type KeydirFactory } from "@hashlog/index";
import { expect, test } from "vitest";
import { rejection } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

const full = (): never => {
  throw new IndexError("INDEX_FULL", "there is no memory");
};

/** A keydir, and what changes one into one that has no memory. */
function keydirs(change: (keydir: Keydir) => void): { readonly index: KeydirFactory; readonly fill: () => void } {
  const made: Keydir[] = [];
  const index: KeydirFactory = (options) => {
    const keydir = hashKeydir(options);
    made.push(keydir);
    return keydir;
  };
  return { index, fill: () => made.forEach(change) };
}

test("a range of a snapshot for whose changes there is no memory fails with a HashlogError", async () => {
  const world = await memoryWorld();
  const { index, fill } = keydirs((keydir) => {
    const openView = keydir.openView.bind(keydir);
    keydir.openView = () => {
      const view = openView();
      view.openCursor = () => ({ nextPage: full });
      return view;
    };
  });
  world.leaveUnchecked();
  const db = await world.open({ index, ordered: true });
  await db.put("a", "1");
  fill();
  const snapshot = db.snapshot();
  expect(await rejection(snapshot.keys({ gte: "" }).next())).toBeInstanceOf(HashlogError);
  snapshot.close();
});

test("a refresh for which there is no memory fails with a HashlogError", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("a", "1");
  const { index, fill } = keydirs((keydir) => {
    keydir.put = full;
  });
  const reader = await world.openReader({ index });
  await db.put("b", "2");
  fill();
  expect(await rejection(reader.refresh())).toBeInstanceOf(HashlogError);
});
