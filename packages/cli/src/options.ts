/** Options that more than one command has, and how their texts are read. */
import { InvalidArgumentError, Option } from "commander";
import ms from "ms";
import type { RangeOptions } from "@hashlog/engine";
import { msOf } from "./moments.ts";
import { ENCODINGS, parseBytes, type Encoding } from "./encoding.ts";

/** How keys and values are written. */
export interface EncodingGiven {
  readonly keyEncoding: Encoding;
  readonly valueEncoding: Encoding;
}

/** How keys are written. */
export function keyEncodingOption(): Option {
  return new Option("-k, --key-encoding <encoding>", "how keys are written").choices(ENCODINGS).default("utf8");
}

/** How values are written. */
export function valueEncodingOption(): Option {
  return new Option("-v, --value-encoding <encoding>", "how values are written").choices(ENCODINGS).default("utf8");
}

/** Which keys, and in which order. */
export interface RangeGiven extends Pick<EncodingGiven, "keyEncoding"> {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt?: string;
  readonly lte?: string;
  readonly prefix?: string;
  readonly ordered?: true;
  readonly reverse?: true;
  readonly limit?: number;
}

/** The options of a range. */
export function rangeOptions(): Option[] {
  return [
    new Option("--gt <key>", "keys after this one"),
    new Option("--gte <key>", "this key and those after it"),
    new Option("--lt <key>", "keys before this one"),
    new Option("--lte <key>", "keys up to this one"),
    new Option("--prefix <key>", "keys that begin with this"),
    new Option("--ordered", "in the order of the keys; so is whatever has a bound"),
    new Option("--reverse", "the last key first"),
    new Option("--limit <count>", "so many at most").argParser(parseCount),
  ];
}

/** Whether an order was asked for: putting the keys of a store in order takes about a second a million. */
function asksForOrder({ gt, gte, lt, lte, prefix, ordered, reverse }: RangeGiven): boolean {
  return [gt, gte, lt, lte, prefix, ordered, reverse].some((given) => given !== undefined);
}

/** The range as the store takes it; `undefined` where nothing but a limit was asked for. */
export function rangeOf(given: RangeGiven): RangeOptions<Uint8Array> | undefined {
  if (!asksForOrder(given)) return undefined;
  const { keyEncoding, reverse = false, limit = Infinity } = given;
  const bound = (name: "gt" | "gte" | "lt" | "lte" | "prefix"): object => {
    const text = given[name];
    return text === undefined ? {} : { [name]: parseBytes(text, keyEncoding, `--${name}`) };
  };
  return { ...bound("gt"), ...bound("gte"), ...bound("lt"), ...bound("lte"), ...bound("prefix"), reverse, limit };
}

/** Whether to make a store that is not there: `writes` commands ask for it by themselves. */
export function createOption(): Option {
  return new Option("--create", "make the store if there is none");
}

/** Whether a store that other machines may have open is opened for writing as well. */
export function sharedVolumeOption(
  description = "also on a network or shared volume, where no other machine has it open",
): Option {
  return new Option("--allow-shared-volume", description);
}

/** A whole number from 0. */
export function parseCount(text: string): number {
  return wholeNumber(text, 0);
}

/** A whole number from 1. */
export function parsePositive(text: string): number {
  return wholeNumber(text, 1);
}

function wholeNumber(text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new InvalidArgumentError(`It is a whole number from ${least}.`);
}

/** A length of time, in milliseconds. */
export function parseDuration(text: string): number {
  // What the library takes for a length of time, without what it only makes of one: no sign, not empty, and a unit, as seconds would be
  // meant where it takes milliseconds.
  const value = /^\d.*[a-z]$/i.test(text) ? ms(text as ms.StringValue) : undefined;
  if (value !== undefined && value > 0) return value;
  throw new InvalidArgumentError("It is a length of time such as 90s, 15m, 12h or 7d.");
}

/** A moment, in milliseconds since 1970. */
export function parseMoment(text: string): number {
  const value = msOf(text);
  if (value !== undefined && value > 0) return value;
  throw new InvalidArgumentError("It is a moment such as 2030-01-31 or 2030-01-31T12:00:00Z.");
}
