import { merge, MergeError } from "@hashlog/compactor";
import { nodeFileSystem, type FileSystem } from "@hashlog/fs-io";
import type { FromThread, ToThread } from "./messages.ts";
import { RemoteStore } from "./remote-store.ts";
import { ABORTED, sendError } from "./sent-errors.ts";

/** The way to the store's thread. */
export interface ThreadPort {
  /** Keeps the thread alive until it is taken off. */
  on(event: "message", listener: (message: ToThread) => void): unknown;
  off(event: "message", listener: (message: ToThread) => void): unknown;
  postMessage(message: FromThread, transfer: ArrayBuffer[]): void;
}

/**
 * In the merge's thread: does the merges that it is told to do, one after the other, until it is told to end: then it listens
 * no more, and nothing keeps the thread alive. Whether anything may be written under this runtime was decided by the file
 * system of the store, which would not be open otherwise.
 */
export function serveMerges(
  port: ThreadPort,
  fileSystem: FileSystem = nodeFileSystem({ allowDriveCache: true }),
): void {
  let store: RemoteStore | undefined;
  let controller = new AbortController();
  const post = (message: FromThread, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
  const listener = (message: ToThread): void => {
    switch (message.type) {
      case "start":
        store = new RemoteStore(fileSystem, message.floor, post);
        controller = new AbortController();
        void run(message, store, controller.signal, post);
        break;
      case "reply":
        store?.reply(message.value, message.floor);
        break;
      case "refusal":
        store?.refuse(message.error, message.message);
        break;
      case "abort":
        controller.abort(ABORTED);
        break;
      case "end":
        port.off("message", listener);
        break;
    }
  };
  port.on("message", listener);
}

async function run(
  { inputs, options }: ToThread & { readonly type: "start" },
  store: RemoteStore,
  signal: AbortSignal,
  post: (message: FromThread) => void,
): Promise<void> {
  let ended: FromThread;
  try {
    const opened = await store.openInputs(inputs).catch((error: unknown) => {
      const details = { outcome: "abandoned", cause: error } as const;
      throw new MergeError("MERGE_IO", `the merge failed: ${(error as Error).message}`, details);
    });
    const onProgress = (progress: (FromThread & { type: "progress" })["progress"]): void =>
      post({ type: "progress", progress });
    ended = { type: "done", report: await merge(opened, store, { ...options, signal, onProgress }) };
  } catch (error) {
    ended = { type: "failed", error: sendError(error) };
  }
  await store.close().catch(() => undefined);
  post(ended);
}
