import { Option } from "commander";
import { createGzip } from "node:zlib";
import { finished, pipeline } from "node:stream/promises";
import type { Writable } from "node:stream";
import type { ExportReport } from "@hashlog/engine";
import { FsError, type FileSystem } from "@hashlog/fs-io";
import type { ReadCommand } from "../command.ts";
import { Complaint, isSystemError } from "../complaint.ts";
import { EXIT } from "../exit-codes.ts";
import { checkDirectory } from "../given-file.ts";
import { keyEncodingOption, rangeOf, rangeOptions, type RangeGiven } from "../options.ts";
import type { Session } from "../session.ts";
import { entriesWord, size } from "../words.ts";

interface ExportGiven extends RangeGiven {
  readonly gzip?: true;
  readonly force?: true;
}

export const exportCommand: ReadCommand<ExportGiven> = {
  kind: "read",
  name: "export",
  summary: "write the entries as lines of JSON, byte for byte",
  details:
    "To a file or standard output; a file that ends in .gz is compressed. As of the call, beside whoever writes. A file gets its " +
    "name when it is whole; one that was cut off is called .partial behind that, and an import refuses it.",
  parameters: [["[file]", "a file that is not there yet; standard output if it is left out, or -"]],
  options: () => [
    ...rangeOptions(),
    keyEncodingOption(),
    new Option("--gzip", "compress, whatever the file is called"),
    new Option("--force", "take the place of a file that is there"),
  ],
  examples: ["hashlog export ./store ./all.ndjson", "hashlog export ./store --prefix user: | gzip > users.ndjson.gz"],
  async check({ parameters: [file = "-"], options: { force } }, { host: { fileSystem } }) {
    if (file === "-") return;
    await checkDirectory(fileSystem, fileSystem.parent(file));
    await makeWay(fileSystem, file, force === true, "");
    await makeWay(fileSystem, partialOf(file), force === true, ", of an export that was cut off or is under way");
  },
  async run(store, { parameters: [file = "-"], options }, session) {
    const { gzip, force, limit } = options;
    const range = rangeOf(options) ?? (limit === undefined ? {} : { limit });
    const report = await session.during("exporting", "entries", (update) => {
      const exportTo = (target: Writable, end: boolean): Promise<ExportReport> =>
        store.exportTo(target, {
          ...range,
          ...{ end, signal: session.signal },
          onProgress: ({ entriesDone, entriesTotal = 0 }) => update(entriesDone, entriesTotal),
        });
      if (file === "-") return exportToOutput(session, gzip === true, exportTo);
      const compressed = gzip === true || file.endsWith(".gz");
      return exportToFile(file, force === true, session, (target) => exportThrough(target, compressed, true, exportTo));
    });
    if (file === "-") return;
    if (session.json) return session.output.json(report);
    return session.note(`exported ${entriesWord(report.entries)}, ${size(report.bytes)} of text, to ${file}`);
  },
};

async function exportToOutput(
  { output }: Session,
  compressed: boolean,
  exportTo: (target: Writable, end: boolean) => Promise<ExportReport>,
): Promise<ExportReport> {
  try {
    return await exportThrough(output.stream, compressed, false, exportTo);
  } catch (error) {
    // Whoever reads it may have had enough, which is no failure.
    output.check();
    throw error;
  }
}

/** To the target itself, or compressed. */
async function exportThrough(
  target: Writable,
  compressed: boolean,
  end: boolean,
  exportTo: (target: Writable, end: boolean) => Promise<ExportReport>,
): Promise<ExportReport> {
  if (!compressed) return exportTo(target, end);
  const gzip = createGzip();
  const [report] = await Promise.all([exportTo(gzip, true), pipeline(gzip, target, { end })]);
  return report;
}

/** Into a file beside, which takes the name when it is whole. */
async function exportToFile(
  file: string,
  force: boolean,
  { host: { files, fileSystem } }: Session,
  write: (target: Writable) => Promise<ExportReport>,
): Promise<ExportReport> {
  const partial = partialOf(file);
  if (force) await files.remove(partial);
  const target = files.write(partial);
  try {
    const report = await write(target);
    // Its file is closed, and durable.
    await finished(target);
    await files.rename(partial, file);
    await syncNameOf(file, fileSystem);
    return report;
  } catch (error) {
    await closed(target);
    if (!wasThere(error)) await files.remove(partial);
    throw isSystemError(error) || FsError.is(error)
      ? new Complaint(`writing ${file} failed: ${error.message}`, EXIT.machine, "CLI_OUTPUT", error)
      : error;
  }
}

/** After a power cut it would be called partial again. Where its directory may not be read that cannot be helped. */
async function syncNameOf(file: string, fileSystem: FileSystem): Promise<void> {
  await fileSystem.syncDirectory(fileSystem.parent(file)).catch((error: unknown) => {
    if (!(FsError.is(error) && error.code === "FS_NOT_PERMITTED")) throw error;
  });
}

/** What a file is called until it is whole. */
function partialOf(file: string): string {
  return `${file}.partial`;
}

/** @throws Complaint for what is there and is not to be replaced; what is no file never is */
async function makeWay(fileSystem: FileSystem, path: string, force: boolean, what: string): Promise<void> {
  const there = await fileSystem.stat(path);
  if (there === undefined || (force && there.kind === "file")) return;
  if (there.kind === "directory") throw new Complaint(`${path} is a directory: name a file in it`);
  const remedy = there.kind === "file" ? "--force takes its place" : "it is no file, and is left alone";
  throw new Complaint(`${path} is there already${what}: ${remedy}`, EXIT.usage, "CLI_EXISTS");
}

/** Whether it is another's, which came at the last moment. */
function wasThere(error: unknown): boolean {
  if (isSystemError(error)) return error.code === "EEXIST";
  return error instanceof Error && wasThere(error.cause);
}

/** Resolves when it is: until then its file may be made still. */
async function closed(target: Writable): Promise<void> {
  if (target.closed) return;
  await new Promise<void>((resolve) => {
    target.once("close", resolve);
    // What it failed of was told.
    target.on("error", () => undefined);
    target.destroy();
  });
}
