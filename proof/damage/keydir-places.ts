import type { Keydir } from "@hashlog/index";
import type { KeyPlace } from "../properties/p09-hint-equivalence.ts";
import { nameOf } from "./scan-segment.ts";

/**
 * Where each key of a keydir lies. A keydir knows segments by slots, which are the engine's own business: which slot is
 * which segment is taken from the first key in it, and is to hold for every other one.
 */
export function placesIn(keydir: Keydir, counted: readonly KeyPlace[]): readonly KeyPlace[] {
  const segmentOf = new Map(counted.map(({ key, segmentId }) => [key, segmentId]));
  const segmentIn = new Map<number, number>();
  const view = keydir.openView();
  const scan = view.openScan();
  const places: KeyPlace[] = [];
  for (let page = scan.nextPage(); page !== undefined; page = scan.nextPage()) {
    for (let index = 0; index < page.count; index += 1) {
      const key = nameOf(page.keys, page.keyEnds[index - 1] ?? 0, page.keyEnds[index]!);
      const slot = page.segmentSlots[index]!;
      if (!segmentIn.has(slot)) segmentIn.set(slot, segmentOf.get(key) ?? -1);
      places.push({
        key,
        segmentId: segmentIn.get(slot)!,
        offset: page.offsets[index]!,
        valueBytes: page.valueBytes[index]!,
        expiresAtMs: page.expiresAtMs[index]!,
      });
    }
  }
  view.close();
  return places;
}
