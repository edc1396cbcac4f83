import { EventEmitter } from "node:events";
import { nodeFileSystem, type NodeFileSystemOptions } from "../src/node-file-system.ts";
import type { NodeNet, NodeSocket } from "../src/node-net.ts";
import { platformError } from "./failing-fs.ts";
import { netAt } from "./lock-net.ts";

/** How tests take a lock, over whatever network they like. */

export const NAME = "store.lock";

export const take = (directory: string, options: NodeFileSystemOptions = {}): ReturnType<FileSystemLock> =>
  nodeFileSystem(options).lock(directory, NAME);
export type FileSystemLock = ReturnType<typeof nodeFileSystem>["lock"];

/** `node:net` whose connections go as the test says, one after the other, the last one for ever. */
export function netWhere(...connections: Array<(socket: EventEmitter) => void>): NodeNet {
  let made = 0;
  return {
    ...netAt((path) => path),
    connect: () => {
      const behave = connections[Math.min(made, connections.length - 1)];
      made += 1;
      const socket = Object.assign(new EventEmitter(), { end() {}, destroy() {}, unref() {} });
      setImmediate(() => behave(socket));
      return socket as NodeSocket;
    },
  };
}

/** What a socket may do: fail with that error, or say something. */
export const fails = (errno: string) => (socket: EventEmitter) => void socket.emit("error", platformError(errno));

export const says = (text: string) => (socket: EventEmitter) =>
  void socket.emit("data", new TextEncoder().encode(text));
