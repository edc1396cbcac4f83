import { utf8, type Store } from "@hashlog/engine";
import { channel } from "node:diagnostics_channel";
import { onTestFinished } from "vitest";
import type { World } from "./worlds.ts";

/** What the channels of a trace are for, and what was told on one of them. */
export type Kind = "start" | "end" | "asyncStart" | "asyncEnd" | "error";
export type Event = readonly [kind: Kind, context: Record<string, unknown>];

export const KINDS: readonly Kind[] = ["start", "end", "asyncStart", "asyncEnd", "error"];

/** What is told on these channels, until the test ends, as it was when it was told. */
export function listen(name: string, kinds: readonly Kind[] = KINDS): Event[] {
  const events: Event[] = [];
  const listeners = kinds.map(
    (kind) =>
      [
        `tracing:hashlog.${name}:${kind}`,
        (context: unknown) => void events.push([kind, { ...(context as object) }]),
      ] as const,
  );
  for (const [path, listener] of listeners) channel(path).subscribe(listener);
  onTestFinished(() => {
    for (const [path, listener] of listeners) channel(path).unsubscribe(listener);
  });
  return events;
}

/** The store of that world, with values that are text. */
export function opened(world: World): Promise<Store<string, string>> {
  return world.open({ values: utf8 });
}
