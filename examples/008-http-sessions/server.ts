/** A server that knows who you are: `POST /login` with a name, `GET /me`, `POST /logout`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { IDLE_MS, type SessionStore } from "./session-store.ts";

export function sessionServer(sessions: SessionStore): Server {
  return createServer((request, response) => {
    answer(sessions, request, response).catch((error: unknown) => {
      console.error(error);
      response.writeHead(500).end();
    });
  });
}

async function answer(sessions: SessionStore, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const token = /(?:^|; )session=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
  switch (`${request.method} ${request.url}`) {
    case "POST /login": {
      const begun = await sessions.begin(await text(request));
      response.writeHead(204, { "set-cookie": cookie(begun) }).end();
      return;
    }
    case "GET /me": {
      const session = await sessions.visit(token);
      if (session === undefined) response.writeHead(401).end("Please log in.");
      // The browser, too, forgets it half an hour after the last visit, and not after the login.
      else
        response.writeHead(200, { "set-cookie": cookie(token) }).end(`Hello ${session.user}, visit ${session.visits}.`);
      return;
    }
    case "POST /logout":
      await sessions.end(token);
      response.writeHead(204, { "set-cookie": cookie("", 0) }).end();
      return;
    default:
      response.writeHead(404).end();
  }
}

function cookie(token: string, maxAge = IDLE_MS / 1000): string {
  return `session=${token}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax`;
}
