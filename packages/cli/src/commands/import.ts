import { Option } from "commander";
import { createGunzip } from "node:zlib";
import { pipeline } from "node:stream";
import type { ImportOptions } from "@hashlog/engine";
import type { WriteCommand } from "../command.ts";
import { Complaint } from "../complaint.ts";
import { EXIT } from "../exit-codes.ts";
import { createOption } from "../options.ts";
import { entriesWord } from "../words.ts";

interface ImportGiven {
  readonly ifExists: NonNullable<ImportOptions["ifExists"]>;
  readonly gzip?: true;
}

export const importCommand: WriteCommand<ImportGiven> = {
  kind: "write",
  name: "import",
  summary: "put in what an export has written",
  details:
    "From a file or standard input; a file that ends in .gz is decompressed. The lines are those of export: " +
    "a header, one entry a line, and the count at the end. Not atomic: what came before a line that is wrong is in the store.",
  parameters: [["[file]", "an export; standard input if it is left out, or -"]],
  options: () => [
    createOption(),
    new Option("--if-exists <what>", "what to do with a key that is there")
      .choices(["overwrite", "skip", "fail"])
      .default("overwrite"),
    new Option("--gzip", "decompress, whatever the file is called"),
  ],
  examples: [
    "hashlog import ./copy ./export.ndjson --create",
    "zcat ./export.ndjson.gz | hashlog import ./copy --if-exists skip",
  ],
  async run(store, { parameters: [file = "-"], options: { ifExists, gzip } }, session) {
    const { host, signal } = session;
    if (file === "-" && session.inShell) throw new Complaint("name a file: a shell reads lines, not entries");
    if (file !== "-" && (await host.fileSystem.stat(file)) === undefined) {
      throw new Complaint(`there is no file ${file}`, EXIT.notFound, "CLI_NO_FILE");
    }
    const from = file === "-" ? host.stdin : host.files.read(file);
    const isCompressed = gzip === true || file.endsWith(".gz");
    // An error of the file reaches the import through the stream that it reads.
    const source = isCompressed ? pipeline(from, createGunzip(), () => undefined) : from;
    const report = await session.during("importing", "entries", (update) =>
      store.importFrom(source, {
        ...{ ifExists, ignoreCodecs: true, signal },
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
