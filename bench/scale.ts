/**
 * A very large store, on this machine: filled, read, churned, compacted, and opened again by every road. Fifty million keys of 16
 * bytes with values of 100 take some ten gigabytes of the temporary directory, four of memory, and a quarter of an hour.
 *
 *     npm run bench:scale -- --keys 50000000
 *
 * What is found goes to bench/results: scale.json and scale.md.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rate, RATE_UNITS } from "./compare/words.ts";
import { ROADS, type Opened, type Road } from "./own/opening.ts";
import { measuredApart } from "./own/run.ts";
import type { AtScale } from "./own/scale.ts";
import { resultsFolder } from "./results-folder.ts";
import { settings } from "./settings.ts";
import { inTemporaryDirectory } from "./temporary-directory.ts";
import { thisMachine } from "./machine.ts";
import { mib, table } from "./words.ts";

const { keys, "value-bytes": valueBytes } = settings("bench:scale", {
  keys: { usual: 50_000_000, least: 1000, what: "entries of the store" },
  "value-bytes": { usual: 100, least: 0, what: "bytes of a value" },
});

const folder = await resultsFolder();
const machine = await thisMachine();
await inTemporaryDirectory("bench-scale", async (directory) => {
  const task = { directory, keys, valueBytes };
  const found = await measuredApart({ kind: "scale", ...task });
  console.log("filled, read, churned, compacted and closed");
  const opened: [Road, Opened][] = [];
  for (const road of ROADS) {
    opened.push([road, await measuredApart({ kind: "open", road, ...task })]);
    console.log(`opened by ${road} in ${opened.at(-1)![1].seconds.toFixed(1)} s`);
  }
  await writeFile(
    join(folder, "scale.json"),
    `${JSON.stringify({ machine, ...task, directory: undefined, found, opened }, null, 2)}\n`,
  );
  const text = summary(found, opened);
  await writeFile(join(folder, "scale.md"), text);
  console.log(text);
});

function summary(found: AtScale, opened: readonly [Road, Opened][]): string {
  const { cpu, cores, memoryBytes, system, node, date, commit } = machine;
  const { fill, getSync, get, miss, churn, compaction, keydirBytesPerKey, rssBytes, fileBytes, closeSeconds } = found;
  const seconds = (value: number): string => `${value.toFixed(1)} s`;
  const held = ({ p99, most }: { p99: number; most: number }): string =>
    `${p99.toFixed(1)} ms (p99), ${most.toFixed(1)} ms at most`;
  const churned = 3 * Math.floor(keys / 10);
  const rows = [
    [
      "filled, batches of 1,000",
      `${rate(keys / fill.seconds)} keys/s`,
      `a batch held the event loop ${held(fill.heldMs)}`,
    ],
    ...(
      [
        ["random `getSync`", getSync],
        ["miss", miss],
        ["`await get`, 256 in flight", get],
      ] as const
    ).map(([what, one]) => [
      what,
      `${rate(one.operations / one.seconds)}/s`,
      `p50 ${(one.latencyNs.p50 / 1000).toFixed(1)} µs, p99 ${(one.latencyNs.p99 / 1000).toFixed(1)} µs`,
    ]),
    [
      "churned: a tenth overwritten, another deleted and put again",
      `${rate(churned / churn.seconds)} operations/s`,
      `a batch held the event loop ${held(churn.heldMs)}`,
    ],
    [
      "compacted",
      `${(compaction.liveBytes / compaction.seconds / 1e6).toFixed(0)} MB/s of live records`,
      `${seconds(compaction.seconds)}, ${mib(compaction.bytesFreed)} freed; ${mib(fileBytes.churned)} before, ${mib(fileBytes.compacted)} after`,
    ],
    ["closed", seconds(closeSeconds), ""],
    ...opened.map(([road, one]) => [
      `opened by ${road}`,
      `${seconds(one.seconds)}, ${rate(keys / one.seconds)} keys/s`,
      `${(one.bareSeconds / one.seconds).toFixed(2)} of a bare loop that reads and checksums the same ${mib(one.bytesRead)}; ${one.residentBytesPerKey.toFixed(1)} resident bytes a key besides its own`,
    ]),
    [
      "keydir, bytes a key besides its own 16",
      keydirBytesPerKey.filled.toFixed(1),
      `${keydirBytesPerKey.churned.toFixed(1)} when churned; process ${mib(rssBytes.filled)} when filled, ${mib(rssBytes.most)} at most`,
    ],
  ];
  return `# ${keys.toLocaleString("en-US")} keys, values of ${valueBytes} bytes, not synced

\`npm run bench:scale -- --keys ${keys} --value-bytes ${valueBytes}\`, ${date}, commit ${commit}.
${cpu}, ${cores} cores, ${mib(memoryBytes)} of memory; ${system}; Node ${node}. Files are in the system's cache as far as it goes.
${RATE_UNITS}.

${table([`\`sync: "never"\``, "", ""], rows)}
`;
}
