import * as net from "node:net";
import { join } from "node:path";
import type { NodeNet, NodeServer } from "../src/node-net.ts";

/** `node:net`, with other addresses. */
export function netAt(address: (path: string) => string): NodeNet {
  return {
    createServer: (onConnection) => {
      const server = net.createServer(onConnection);
      return {
        listen: ({ path, ...options }, onListening) => server.listen({ path: address(path), ...options }, onListening),
        close: () => server.close(),
        unref: () => server.unref(),
        on: (event, listener) => server.on(event, listener),
      } satisfies NodeServer;
    },
    connect: ({ path }) => net.connect({ path: address(path) }),
  };
}

/** The pipes of a Windows machine, as sockets in a directory. */
export function pipesIn(directory: string): NodeNet {
  return netAt((path) => join(directory, path.replace("\\\\.\\pipe\\", "")));
}
