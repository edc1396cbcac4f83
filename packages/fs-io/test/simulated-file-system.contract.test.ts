import { describe, expect, test } from "vitest";
import { runFileSystemContract, SimulatedDisk } from "../src/testing/index.ts";
import { bytes } from "./simulated-support.ts";

runFileSystemContract({ describe, test }, "the simulated file system", async () => {
  return { fileSystem: new SimulatedDisk().boot(), directory: "/", dispose: async () => {} };
});

runFileSystemContract(
  { describe, test },
  "the simulated file system with an odd schedule, below a directory",
  async () => {
    const fileSystem = new SimulatedDisk({ schedule: [1, 0, 2, 5, 3, 0, 1] }).boot();
    await fileSystem.makeDirectory("/data");
    return { fileSystem, directory: "/data", dispose: async () => {} };
  },
);

runFileSystemContract({ describe, test }, "the simulated file system as Windows has it", async () => {
  return { fileSystem: new SimulatedDisk({ platform: "windows" }).boot(), directory: "/", dispose: async () => {} };
});

test("a directory can neither be opened as a file nor be replaced by one", async () => {
  const fs = new SimulatedDisk().boot();
  await fs.makeDirectory("/d");
  await expect(fs.openRead("/d")).rejects.toMatchObject({ code: "FS_IO" });
  await expect(fs.replace("/d", bytes(1))).rejects.toMatchObject({ code: "FS_IO", outcome: "unchanged" });
});
