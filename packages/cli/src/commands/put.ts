import { Option } from "commander";
import type { PutOptions } from "@hashlog/engine";
import type { WriteCommand } from "../command.ts";
import { Complaint } from "../complaint.ts";
import { jsonBytes, parseBytes, parseFile, showKey, type Encoding } from "../encoding.ts";
import { EXIT } from "../exit-codes.ts";
import { checkFile } from "../given-file.ts";
import {
  createOption,
  keyEncodingOption,
  parseDuration,
  parseMoment,
  parsePositive,
  sharedVolumeOption,
  valueEncodingOption,
  type EncodingGiven,
} from "../options.ts";
import { readAll } from "../read-all.ts";
import type { Session } from "../session.ts";

interface PutGiven extends EncodingGiven {
  readonly file?: string;
  readonly ttl?: number;
  readonly expiresAt?: number;
  readonly ifAbsent?: true;
  readonly ifVersion?: number;
}

export const put: WriteCommand<PutGiven> = {
  kind: "write",
  name: "put",
  summary: "give a key a value",
  details:
    "Without a value it is read from --file, or from standard input, byte for byte. Done means durable: it is synced before the command " +
    "ends. Exit code 1 if a condition did not hold.",
  parameters: [
    ["<key>", "the key"],
    ["[value]", "the value; standard input if it is left out"],
  ],
  options: () => [
    createOption(),
    sharedVolumeOption(),
    keyEncodingOption(),
    valueEncodingOption(),
    new Option("-f, --file <path>", "take the value from this file"),
    new Option("--ttl <time>", "let it expire after that time: 90s, 15m, 12h, 7d").argParser(parseDuration),
    new Option("--expires-at <moment>", "let it expire then: 2030-01-31T12:00:00Z")
      .argParser(parseMoment)
      .conflicts("ttl"),
    new Option("--if-absent", "only if the key is not there"),
    new Option("--if-version <version>", "only if the value that is there has this version, as get --json gives it")
      .argParser(parsePositive)
      .conflicts("ifAbsent"),
  ],
  examples: [
    "hashlog put ./store ada 'Ada Lovelace' --create",
    "hashlog put ./store session 'of a guest' --ttl 15m",
    "hashlog put ./store picture --file ./picture.png",
    "date | hashlog put ./store today",
  ],
  async check({ parameters: [key, text], options: { file, keyEncoding, valueEncoding } }, { host, inShell }) {
    if (text !== undefined && file !== undefined) throw new Complaint("give a value or --file, not both");
    parseBytes(key!, keyEncoding, "the key");
    if (text !== undefined) parseBytes(text, valueEncoding, "the value");
    if (file !== undefined) return checkFile(host.fileSystem, file);
    if (text === undefined && inShell) throw new Complaint("give a value, or --file: a shell reads lines, not values");
  },
  async run(store, { parameters: [key, text], options }, session) {
    const { keyEncoding, valueEncoding, ttl, expiresAt, ifAbsent, ifVersion, file } = options;
    const keyBytes = parseBytes(key!, keyEncoding, "the key");
    const value = await valueOf(text, file, valueEncoding, session);
    const expiry: PutOptions = {
      ...(ttl === undefined ? {} : { ttlMs: ttl }),
      ...(expiresAt === undefined ? {} : { expiresAtMs: expiresAt }),
    };
    const condition = ifVersion === undefined ? { ifAbsent: ifAbsent === true } : { ifVersion };
    const done = await store.put(keyBytes, value, { ...expiry, ...condition, sync: true });
    if (!done) {
      const why = ifVersion === undefined ? "is there already" : `does not have version ${ifVersion}`;
      throw new Complaint(`${showKey(keyBytes, keyEncoding)} ${why}: nothing was written`, EXIT.no, "CLI_CONDITION");
    }
    if (session.json)
      await session.output.json({ ...jsonBytes("key", keyBytes, keyEncoding), valueBytes: value.length });
  },
};

async function valueOf(
  text: string | undefined,
  file: string | undefined,
  encoding: Encoding,
  { host, signal }: Session,
): Promise<Uint8Array> {
  if (text !== undefined) return parseBytes(text, encoding, "the value");
  const bytes = await readAll(file === undefined ? host.stdin : host.files.read(file), signal);
  if (encoding === "utf8") return bytes;
  return parseFile(bytes, encoding, "the value");
}
