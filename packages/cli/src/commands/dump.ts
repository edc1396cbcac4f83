import { Option } from "commander";
import type { OtherCommand } from "../command.ts";
import { dumpFile } from "../dump/dump-file.ts";
import { itemJson, itemLine, type DumpItem } from "../dump/dump-item.ts";
import { Complaint } from "../complaint.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { checkFile } from "../given-file.ts";
import { keyEncodingOption, parsePositive, valueEncodingOption, type EncodingGiven } from "../options.ts";

interface DumpGiven extends EncodingGiven {
  readonly values?: true;
  readonly limit?: number;
}

export const dump: OtherCommand<DumpGiven> = {
  kind: "other",
  name: "dump",
  summary: "show a file of a store record by record, with offsets and checksums",
  details:
    "A segment, hint file, checkpoint or manifest, also a damaged one: behind damage it goes on where a checksum holds again. Changes " +
    "nothing, and asks nobody. Exit code 1 if anything in the file does not verify.",
  parameters: [["<file>", "a file in the directory of a store, or a copy of one"]],
  options: () => [
    new Option("--values", "show values, not only how long they are"),
    new Option("--limit <count>", "so many lines at most").argParser(parsePositive),
    keyEncodingOption(),
    valueEncodingOption(),
  ],
  examples: [
    "hashlog dump ./store/hashlog-0000000001.segment --values",
    "hashlog dump ./store/hashlog.manifest --json",
  ],
  async run({ parameters: [path], options }, { host, output, json, signal }) {
    await checkFile(host.fileSystem, path!, "name a file in it");
    const { values: withValues = false, limit = Infinity, keyEncoding, valueEncoding } = options;
    const encodings = { keys: keyEncoding, values: valueEncoding };
    let left = limit;
    let exitCode: ExitCode = EXIT.done;
    const check = (): void => {
      if (signal.aborted) throw new Complaint("the dump was cancelled", EXIT.interrupted, "CLI_INTERRUPTED");
    };
    const emit = async (item: DumpItem): Promise<void> => {
      check();
      if (left === 0) throw new Enough();
      left -= 1;
      if (item.checksum === "wrong" || item.what === "damage") exitCode = EXIT.no;
      await (json ? output.json(itemJson(item, encodings)) : output.line(itemLine(item, encodings)));
    };
    try {
      await dumpFile(host.fileSystem, path!, { withValues, check }, emit);
    } catch (error) {
      if (!(error instanceof Enough)) throw error;
    }
    return exitCode;
  },
};

/** As many lines as were wanted. */
class Enough extends Error {
  override readonly name = "Enough";
}
