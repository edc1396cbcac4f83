import { describe, test } from "vitest";
import { runFileSystemContract, SimulatedDisk } from "../src/testing/index.ts";

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
