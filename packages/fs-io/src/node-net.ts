/** The functions of `node:net` that the lock uses, as `NodeFs` is for `node:fs` (node-fs.ts says why). */
export interface NodeNet {
  createServer(onConnection: (socket: NodeSocket) => void): NodeServer;
  connect(options: { path: string }): NodeSocket;
}

export interface NodeServer {
  listen(options: { path: string; exclusive: boolean; writableAll?: boolean }, onListening: () => void): unknown;
  close(): unknown;
  unref(): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

export interface NodeSocket {
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "data", listener: (bytes: Uint8Array) => void): unknown;
  on(event: "connect" | "close", listener: () => void): unknown;
  end(text: string): unknown;
  destroy(): unknown;
  unref(): unknown;
}
