import { EventEmitter, once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";

/** The connections of a server: how many there may be, what is in flight on them, and how they end. */
export class Connections extends EventEmitter {
  /** How many requests are being answered. */
  inFlight = 0;
  readonly #server: Server;
  /** Connections without a request, the one that has waited longest first. */
  readonly #waiting = new Set<Socket>();
  readonly #newest = new WeakMap<Socket, IncomingMessage>();
  #open = 0;

  constructor(server: Server, max: number) {
    super();
    this.#server = server;
    server.on("connection", (socket: Socket) => {
      this.#open += 1;
      this.#waiting.add(socket);
      socket.once("close", () => {
        this.#open -= 1;
        this.#waiting.delete(socket);
      });
      if (this.#open > max) this.#closeOldest();
    });
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      this.inFlight += 1;
      this.#waiting.delete(request.socket);
      this.#newest.set(request.socket, request);
      response.once("close", () => {
        this.inFlight -= 1;
        if (!request.socket.destroyed) this.#waiting.add(request.socket);
        if (this.inFlight === 0) this.emit("quiet");
      });
    });
  }

  /** Whether no request that was sent after this one waits on its connection. */
  isLast(request: IncomingMessage): boolean {
    return this.#newest.get(request.socket) === request;
  }

  /** Accepts no more connections; requests on those that are open are answered as before. */
  stopListening(): void {
    // http.Server's own close() also ends idle connections, on which a request may be under way.
    NetServer.prototype.close.call(this.#server);
  }

  /** Ends what is idle and waits for what is in flight. */
  async finish(): Promise<void> {
    this.#server.closeIdleConnections();
    if (this.inFlight > 0) await once(this, "quiet");
  }

  #closeOldest(): void {
    for (const socket of this.#waiting) {
      // One that speaks another protocol by now, such as WebSocket, has no HTTP parser.
      if (!("parser" in socket) || !socket.parser) continue;
      this.#waiting.delete(socket);
      socket.destroy();
      return;
    }
  }
}
