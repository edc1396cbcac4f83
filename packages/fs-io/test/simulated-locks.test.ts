import { expect, test } from "vitest";
import { SimulatedDisk } from "../src/testing/index.ts";
import { bytes, write } from "./simulated-support.ts";

test("a process that changes a directory after it has given its lock back is told of by each call", async () => {
  const fileSystem = new SimulatedDisk().boot();
  await write(fileSystem, "/unlocked", bytes(1));
  const lock = await fileSystem.lock("/", "lock");
  await write(fileSystem, "/a", bytes(1));
  const late = fileSystem.replace("/a", bytes(2));
  await lock.release();
  await late;
  await (await fileSystem.openRead("/a")).close();
  await fileSystem.remove("/a");
  expect(fileSystem.changesUnlocked).toEqual(["replace.write of /a", "replace.rename of /a", "remove of /a"]);
  const again = await fileSystem.lock("/", "lock");
  await write(fileSystem, "/b", bytes(1));
  await again.release();
  expect(fileSystem.changesUnlocked).toHaveLength(3);
});
