import { Option } from "commander";
import { createGunzip } from "node:zlib";
import { pipeline, type Readable } from "node:stream";
import type { ImportOptions } from "@hashlog/engine";
import type { WriteCommand } from "../command.ts";
import { Complaint } from "../complaint.ts";
import { checkExport } from "../check-export.ts";
import { checkFile } from "../given-file.ts";
import type { Host } from "../host.ts";
import { createOption, sharedVolumeOption } from "../options.ts";
import { entriesWord } from "../words.ts";

interface ImportGiven {
  readonly ifExists: NonNullable<ImportOptions["ifExists"]>;
  readonly gzip?: true;
  readonly create?: true;
}

export const importCommand: WriteCommand<ImportGiven> = {
  kind: "write",
  name: "import",
  summary: "put in what an export has written",
  details:
    "From a file or standard input; a file that ends in .gz is decompressed. The lines are those of export: " +
    "a header, one entry a line, and the count at the end. Not atomic: what came before a line that is wrong is in the store. " +
    "With --create the header of a file is looked at before a store is made.",
  parameters: [["[file]", "an export; standard input if it is left out, or -"]],
  options: () => [
    createOption(),
    sharedVolumeOption(),
    new Option("--if-exists <what>", "what to do with a key that is there")
      .choices(["overwrite", "skip", "fail"])
      .default("overwrite"),
    new Option("--gzip", "decompress, whatever the file is called"),
  ],
  examples: [
    "hashlog import ./copy ./export.ndjson --create",
    "zcat ./export.ndjson.gz | hashlog import ./copy --if-exists skip",
  ],
  async check({ parameters: [file = "-"], options: { gzip, create } }, { host, inShell, signal }) {
    if (file === "-") {
      if (inShell) throw new Complaint("name a file: a shell reads lines, not entries");
      return;
    }
    await checkFile(host.fileSystem, file);
    // What is no file of the disk may be there to be read once.
    const canBeReadTwice = (await host.fileSystem.stat(file))?.kind === "file";
    if (create && canBeReadTwice) await checkExport(sourceOf(host, file, gzip), signal);
  },
  async run(store, { parameters: [file = "-"], options: { ifExists, gzip } }, session) {
    const { host, signal } = session;
    const source = sourceOf(host, file, gzip);
    const report = await session.during("importing", "entries", (update) =>
      store.importFrom(source, {
        // Whatever an export has written, however long its lines are.
        ...{ ifExists, ignoreCodecs: true, lineBytesMax: LINE_BYTES_MOST, signal },
        onProgress: ({ entriesDone }) => update(entriesDone, 0),
      }),
    );
    if (session.json) return session.output.json(report);
    const left = [
      ...(report.skipped > 0 ? [`${entriesWord(report.skipped)} skipped, as the keys were there`] : []),
      ...(report.expired > 0 ? [`${entriesWord(report.expired)} had expired`] : []),
    ];
    return session.note([`imported ${entriesWord(report.entries)}`, ...left].join("; "));
  },
};

/** As much as an import takes. */
const LINE_BYTES_MOST = 2 ** 32 - 1;

function sourceOf(host: Pick<Host, "files" | "stdin">, file: string, gzip: true | undefined): Readable {
  const from = file === "-" ? host.stdin : host.files.read(file);
  const isCompressed = gzip === true || file.endsWith(".gz");
  // An error of the file reaches the import through the stream that it reads.
  return isCompressed ? pipeline(from, createGunzip(), () => undefined) : from;
}
