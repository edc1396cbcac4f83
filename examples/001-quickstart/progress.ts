import { SingleBar, Presets } from "cli-progress";

/** Shows how far something is: a bar on a terminal, a line now and then elsewhere. */
export interface Progress {
  update(done: number): void;
  stop(): void;
}

export function showProgress(what: string, total: number): Progress {
  return process.stdout.isTTY ? bar(what, total) : lines(what, total);
}

function bar(what: string, total: number): Progress {
  const format = `  ${what} {bar} {percentage}% | {value} of {total}`;
  const shown = new SingleBar({ format, hideCursor: true, clearOnComplete: false }, Presets.shades_classic);
  shown.start(total, 0);
  return { update: (done) => shown.update(done), stop: () => shown.stop() };
}

function lines(what: string, total: number): Progress {
  const steps = 4;
  let printed = 0;
  return {
    update(done) {
      const reached = Math.floor((steps * done) / Math.max(total, 1));
      if (reached <= printed) return;
      printed = reached;
      console.log(`  ${what}: ${done} of ${total}`);
    },
    stop: () => undefined,
  };
}
