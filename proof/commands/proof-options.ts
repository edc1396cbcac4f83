import { parseArgs } from "node:util";
import { partsOf } from "../campaign/tasks.ts";
import { parsed, positive, UsageError, whole } from "./arguments.ts";

/** What `npm run proof` was asked for. */
export interface ProofOptions {
  /** How long it may take; `undefined`: the short agenda, to its end. */
  readonly milliseconds: number | undefined;
  readonly seed: number | undefined;
  readonly workers: number | undefined;
  readonly parts: readonly string[] | undefined;
  /** Where to write a report as JSON. */
  readonly report: string | undefined;
  /** Whether it goes on where the runs before of the same sources have ended, and the next one with this. */
  readonly resume: boolean;
  /** Whether PROOF.md is to tell of it. */
  readonly record: boolean;
}

export const USAGE = `usage: npm run proof -- [options]

  --minutes N, --seconds N   the long agenda, then chance, until that time is over; cases under way are finished
  --seed N                   draws the fresh cases from that seed
  --workers N                so many processes; default: one for each core
  --parts 'A,B'              only these: ${partsOf("short").join(", ")};
                             with --minutes or --seconds: ${partsOf("long").join(", ")}
  --report FILE              writes what came of it as JSON
  --resume                   goes on where the runs in PROOF.json have ended, and adds to that file minute by minute, so that
                             a long proof can be had in pieces: with --minutes, of all parts, on the same sources
  --record                   writes it into PROOF.md and README.md: of a run of all parts, with --minutes, that finished
                             them all; with --resume, of all runs together`;

/** @throws UsageError */
export function readProofOptions(args: readonly string[]): ProofOptions | "help" {
  const values = parse(args);
  if (values.help) return "help";
  const minutes = positive("minutes", values.minutes);
  const seconds = positive("seconds", values.seconds);
  if (minutes !== undefined && seconds !== undefined) throw new UsageError("--minutes or --seconds, not both");
  const milliseconds = minutes === undefined ? seconds && seconds * 1000 : minutes * 60_000;
  const parts = values.parts?.split(",");
  const known = partsOf(milliseconds === undefined ? "short" : "long");
  const unknown = parts?.find((part) => !known.includes(part));
  if (unknown !== undefined) {
    throw new UsageError(`there is no part ${JSON.stringify(unknown)}; the parts are: ${known.join(", ")}`);
  }
  for (const name of ["record", "resume"] as const) {
    if (values[name] && (parts !== undefined || minutes === undefined)) {
      throw new UsageError(`--${name} is for a run of all parts, with --minutes`);
    }
  }
  return {
    milliseconds,
    seed: whole("seed", values.seed),
    workers: whole("workers", values.workers),
    parts,
    report: values.report,
    resume: values.resume,
    record: values.record,
  };
}

function parse(args: readonly string[]) {
  const { values } = parsed(() =>
    parseArgs({
      args: [...args],
      options: {
        minutes: { type: "string" },
        seconds: { type: "string" },
        seed: { type: "string" },
        workers: { type: "string" },
        parts: { type: "string" },
        report: { type: "string" },
        resume: { type: "boolean", default: false },
        record: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }),
  );
  return values;
}
