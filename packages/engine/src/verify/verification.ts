import {
  checkpointFileName,
  hintFileName,
  MANIFEST_NAME,
  scanFrames,
  SEGMENT_HEADER_BYTES,
  type Manifest,
} from "@hashlog/format";
import type { Clock, FileSystem } from "@hashlog/fs-io";
import type { Keydir, KeydirFactory, KeydirLoader, KeydirView } from "@hashlog/index";
import { loadCheckpoint, type LoadedCheckpoint } from "../load-checkpoint.ts";
import type { Limits } from "../limits.ts";
import { LoadProgress } from "../load-progress.ts";
import { loadIndexWith } from "../load-index.ts";
import type { RecordSink } from "../record-sink.ts";
import { FrameReplayer } from "../frame-replayer.ts";
import { Segment, type SegmentTotals } from "../segment.ts";
import { newTally } from "../slot-counts.ts";
import { examine, type Examination } from "./examine.ts";
import type { ExaminedSegment, SegmentContent } from "./examined-segment.ts";
import { damageFinding, finding, type Finding } from "./finding.ts";
import { IndexOfLog, type IndexUnderTest } from "./index-check.ts";
import { RecordLoader } from "./record-loader.ts";

/** What is verified, and with what. */
export interface VerificationParts {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly clock: Pick<Clock, "yield" | "now">;
  readonly limits: Limits;
  readonly index: KeydirFactory;
  readonly manifest: Manifest;
  readonly segments: readonly ExaminedSegment[];
  /** What an open store has in memory; then its writes up to `sequence` have to be there, and later ones are left out. */
  readonly memory: StoreInMemory | undefined;
  /** Runs what must not meet a hint file that is being written. */
  readonly atRest: (work: () => Promise<void>) => Promise<void>;
  /** So many bytes more were read, or were found not to be there. May throw to end the verification. */
  readonly onRead: (bytes: number) => void;
}

/** The state of an open store as of one moment. */
export interface StoreInMemory {
  readonly sequence: number;
  readonly view: Pick<KeydirView, "size" | "find" | "openScan">;
  /** Whether the checkpoint of that id is the one that counts, now. */
  readonly isCheckpoint: (id: number) => boolean;
  /** By the slots of the keydir. */
  readonly counts: ReadonlyMap<number, SegmentCounts>;
  /** The moment as of which `counts` say what has expired. */
  readonly expiredAsOfMs: number;
}

/** What a store counts of a segment. */
export interface SegmentCounts {
  readonly segmentId: number;
  readonly totals: SegmentTotals;
  readonly liveRecords: number;
  readonly liveBytes: number;
  readonly expiredRecords: number;
  readonly expiredBytes: number;
}

/** What a verification came to. */
export interface Verified {
  readonly findings: readonly Finding[];
  readonly examination: Examination;
  readonly records: number;
  readonly keys: number;
}

/**
 * Reads every byte of every listed file, and holds each against all others: the segments against the manifest, hints against
 * their segments, the checkpoint and what is in memory against an index that is made from all records of the log. That takes as
 * much memory as the keydir itself. Where data is damaged, what would have to be complete for it is not compared.
 * @throws FsError where a file that is there cannot be opened; IndexError; what `onRead` throws
 */
export function verifyParts(parts: VerificationParts): Promise<Verified> {
  return new Verification(parts).run();
}

class Verification {
  readonly #parts: VerificationParts;
  readonly #findings: Finding[] = [];
  readonly #keydir: Keydir;
  readonly #loader: KeydirLoader;
  readonly #recordLoader: RecordLoader;
  readonly #index: IndexOfLog;
  readonly #totals = new Map<number, SegmentTotals>();
  #isAmbiguous = false;
  #records = 0;

  constructor(parts: VerificationParts) {
    this.#parts = parts;
    this.#keydir = parts.index({ hashKey: parts.manifest.hashKey });
    this.#loader = this.#keydir.beginLoad();
    this.#recordLoader = new RecordLoader(this.#loader);
    this.#index = new IndexOfLog({ ...parts, keydir: this.#keydir, onKeys: () => parts.onRead(0) });
  }

  async run(): Promise<Verified> {
    const { manifest, memory } = this.#parts;
    const examination = await examine({
      ...this.#parts,
      needed: memory?.sequence,
      onRecord: (content, bytes, _at, fields, offset) => {
        this.#records += 1;
        this.#recordLoader.load(content, bytes, fields, offset);
      },
    });
    for (const content of examination.contents) this.#judge(content);
    while (!this.#loader.finish()) await this.#parts.clock.yield();
    const isWhole = this.#findings.every(({ harmless }) => harmless);
    if (manifest.checkpoint !== undefined) await this.#checkCheckpoint(isWhole);
    if (memory !== undefined && isWhole) await this.#checkMemory(memory);
    return { findings: this.#findings, examination, records: this.#records, keys: this.#keydir.size };
  }

  /** What is wrong with a segment, and its hint. */
  #judge(content: SegmentContent): void {
    const { segment, damaged, hint, lowestSequence, highestSequence } = content;
    const { path, segmentId, listed } = segment;
    this.#totals.set(segmentId, content.totals);
    const lost = content.lostByRange();
    for (const range of damaged) {
      const keys = hint.kind === "whole" ? (lost.get(range)?.length ?? 0) : undefined;
      this.#findings.push(damageFinding(segment, range, keys));
    }
    if (listed.state === "sealed" && damaged.length === 0) {
      if (listed.lowestSequence !== lowestSequence || listed.highestSequence !== highestSequence) {
        const said = `${listed.lowestSequence} to ${listed.highestSequence}`;
        const what = `it says that ${path} holds sequences ${said}, and it holds ${lowestSequence} to ${highestSequence}`;
        this.#findings.push(finding("manifest", what, { path: this.#pathOf(MANIFEST_NAME), segmentId }));
      }
    }
    const hintPath = this.#pathOf(hintFileName(segmentId));
    if (hint.kind === "unusable") {
      const what = `it is of no use: ${hint.reason}`;
      this.#findings.push(finding("hint", what, { harmless: true, path: hintPath, segmentId }));
    }
    if (hint.kind === "differs") {
      this.#findings.push(finding("hint", "it does not say what its segment says", { path: hintPath, segmentId }));
    }
  }

  async #checkCheckpoint(isWhole: boolean): Promise<void> {
    const { manifest, index, fileSystem, directory } = this.#parts;
    const path = this.#pathOf(checkpointFileName(manifest.checkpoint!.id));
    const keydir = index({ hashKey: manifest.hashKey });
    let flaw: string | undefined;
    const checkpoint = await loadCheckpoint(
      { fileSystem, directory, manifest, keydir },
      (bytes) => this.#parts.onRead(bytes),
      (reason) => {
        flaw = reason;
      },
    );
    if (checkpoint === undefined) {
      // Another may have taken its place meanwhile.
      if (this.#parts.memory?.isCheckpoint(manifest.checkpoint!.id) === false) return;
      this.#findings.push(finding("checkpoint", `it is of no use: ${flaw}`, { harmless: true, path }));
      return;
    }
    if (!isWhole) return;
    const slots = await this.#replay(checkpoint, keydir);
    const view = keydir.openView();
    const wrong = await this.#compare({ view, segmentOf: (slot) => slots.get(slot) });
    if (wrong === undefined) return;
    const what = `with it the store would be opened with another index than the log gives: ${wrong.what}`;
    this.#findings.push(finding("checkpoint", what, { path, keys: wrong.keys }));
  }

  /** Goes on from a checkpoint as an opening does; returns which segments the slots of that keydir stand for. */
  async #replay(checkpoint: LoadedCheckpoint, keydir: Keydir): Promise<ReadonlyMap<number, number>> {
    const { fileSystem, directory, manifest, limits, clock, segments } = this.#parts;
    const known = new Map(checkpoint.header.segments.map(({ segmentId, slot }) => [segmentId, slot]));
    let unused = Math.max(0, ...known.values()) + 1;
    const opened = segments.map((examined) => {
      const slot = known.get(examined.segmentId) ?? unused++;
      const { segmentId, place, path, file, listed, bytes } = examined;
      const state =
        listed.state === "sealed"
          ? { kind: "sealed" as const, ...listed }
          : { kind: "unsealed" as const, firstSequence: listed.firstSequence, bytes: () => bytes };
      return new Segment({ slot, segmentId, place, path, file: file!, state });
    });
    await loadIndexWith(
      {
        ...{ fileSystem, directory, manifest, limits, clock, keydir, checkpoint },
        sealed: opened.filter(({ state }) => state.kind === "sealed"),
        unsealed: [],
        hintIds: new Set(),
        progress: new LoadProgress(0, undefined, undefined),
      },
      (sink) => this.#replayLog(opened, checkpoint, sink),
    );
    return new Map(opened.map(({ slot, segmentId }) => [slot, segmentId]));
  }

  async #replayLog(opened: readonly Segment[], checkpoint: LoadedCheckpoint, sink: RecordSink): Promise<void> {
    const replayer = new FrameReplayer(sink);
    const covered = checkpoint.header.replay.sequence;
    const upTo = this.#parts.memory?.sequence ?? Infinity;
    let expected: number | undefined;
    for (const [index, segment] of opened.entries()) {
      if (segment.state.kind === "sealed") continue;
      expected ??= segment.state.firstSequence;
      if (segment.state.firstSequence !== expected) return;
      const { source, place, bytes } = this.#parts.segments[index]!;
      const end = await scanFrames(source, {
        place,
        chunkBytes: this.#parts.limits.scanBytes,
        from: SEGMENT_HEADER_BYTES,
        to: bytes,
        expectedSequence: expected,
        onFrame: (frame) => {
          const { firstSequence, recordCount } = frame.header;
          expected = firstSequence + recordCount;
          if (firstSequence >= covered && firstSequence <= upTo) replayer.replay(segment, frame);
        },
      });
      // A torn tail: nothing behind it was looked at before either.
      if (end.kind === "unreadable") return;
    }
  }

  async #checkMemory(memory: StoreInMemory): Promise<void> {
    const wrong = await this.#compare({
      view: memory.view,
      segmentOf: (slot) => memory.counts.get(slot)?.segmentId,
    });
    if (wrong !== undefined) {
      const what = `the index in memory is not what the log gives: ${wrong.what}; close the store and open it again`;
      this.#findings.push(finding("index", what, { keys: wrong.keys }));
      return;
    }
    // Of two records that are equally new the log may count one as live, and the store the other.
    if (!this.#isAmbiguous) await this.#checkCounts(memory);
  }

  async #checkCounts({ counts, expiredAsOfMs }: StoreInMemory): Promise<void> {
    const { segments, clock } = this.#parts;
    const tally = newTally(segments.length, expiredAsOfMs);
    for (let shard = 0; shard < this.#keydir.shardCount; shard += 1) {
      this.#keydir.tally(shard, tally);
      if (shard % SHARDS_IN_A_TURN === 0) await clock.yield();
    }
    const bySegment = new Map([...counts.values()].map((counted) => [counted.segmentId, counted]));
    for (const { segmentId, slot, path } of segments) {
      const said = bySegment.get(segmentId);
      if (said === undefined) continue;
      const found = {
        liveRecords: tally.records[slot]!,
        liveBytes: tally.bytes[slot]!,
        expiredRecords: tally.expiredRecords[slot]!,
        expiredBytes: tally.expiredBytes[slot]!,
        ...this.#totals.get(segmentId),
      };
      const flat: Record<string, unknown> = { ...said, ...said.totals };
      for (const [name, value] of Object.entries(found)) {
        if (flat[name] === value) continue;
        const what = `stats() counts ${String(flat[name])} as ${name} of segment ${segmentId}, and the log gives ${value}`;
        this.#findings.push(finding("statistics", what, { path, segmentId }));
      }
    }
  }

  /** What an index says otherwise than the log; `undefined` if nothing. */
  async #compare(tested: IndexUnderTest): Promise<{ readonly what: string; readonly keys: number } | undefined> {
    const { wrong, extra, ambiguous, forgotten } = await this.#index.compare(tested);
    this.#isAmbiguous ||= ambiguous + forgotten > 0;
    if (wrong + extra === 0) return undefined;
    return { what: `${wrong} keys are missing or elsewhere, ${extra} should not be there`, keys: wrong + extra };
  }

  #pathOf(name: string): string {
    return this.#parts.fileSystem.join(this.#parts.directory, name);
  }
}

const SHARDS_IN_A_TURN = 8;
