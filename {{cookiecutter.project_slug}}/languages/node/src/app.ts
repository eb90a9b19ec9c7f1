import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type HTTPMethods,
} from "fastify";
import { Connections } from "./connections.ts";
import { logRequest, logTo, RequestLog } from "./log.ts";
import { routes } from "./routes.ts";

// Not imported: that loads whatever node:http exports, fetch and WebSocket too, and takes a tenth of the start.
const { STATUS_CODES } = process.getBuiltinModule("node:http");

declare module "fastify" {
  interface FastifyInstance {
    /** Set from SIGTERM on: answer what is in flight, ask for nothing new. */
    draining: boolean;
    connections: Connections;
  }
}

// What a client may send. A route that takes more says so: { bodyLimit: 10 * 1024 * 1024 }.
const maxHeaderSize = 16 * 1024;
const bodyLimit = 1024 * 1024;

// A request that is not complete by then is cut, so that no client holds a connection for ever.
const requestTimeout = 30_000;
const keepAliveTimeout = 120_000;
const connectionsCheckingInterval = 1_000;

// What fits into the memory of the container. Above it, the connection that is idle for longest is closed, and
// requests get 503.
const maxConnections = 1_000;
const maxRequests = 500;
const maxBodies = 16 * bodyLimit;

// Docker kills ten seconds after SIGTERM; two are left to exit. Requests that are under way arrive in the first moments.
const drainTimeout = 8_000;
const lastRequests = 500;

export function createApp(out: NodeJS.WritableStream = process.stdout): FastifyInstance {
  const app = Fastify({
    logger: logTo(out),
    logController: new RequestLog(),
    bodyLimit,
    requestTimeout,
    keepAliveTimeout,
    http: {
      maxHeaderSize,
      headersTimeout: requestTimeout,
      connectionsCheckingInterval,
      requireHostHeader: false, // answered here, as all errors are
    },
    // While draining, connections that are open get their answers, readiness among them.
    return503OnClosing: false,
    // A proxy's form of the target: http://host/path.
    rewriteUrl: ({ url = "/" }) => url.replace(/^https?:\/\/[^/?]*\/?/i, "/").replace(/^\*/, "/*"),
    clientErrorHandler: answerMalformed,
    frameworkErrors: answerBadPath,
  });
  // A client that has sent its last request and says so still gets the answer.
  Object.assign(app.server, { httpAllowHalfOpen: true });
  // What node answers by itself, or not at all: an expectation that it does not know, a tunnel.
  app.server.on("checkExpectation", (...request) => app.server.emit("request", ...request));
  app.server.on("connect", (_request, socket: Socket) =>
    answerMalformed.call(app, { code: "" }, socket),
  );
  app.decorate("draining", false);
  app.decorate("connections", new Connections(app.server, maxConnections));
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: "not found" }));
  app.setErrorHandler(answerError);
  app.addHook("onRequest", admit);
  app.addHook("onSend", async (request, reply) => {
    if (app.draining && app.connections.isLast(request.raw)) reply.header("connection", "close");
  });
  app.register(probes);
  app.register(routes);
  answerOtherMethods(app);
  return app;
}

async function probes(app: FastifyInstance): Promise<void> {
  // The process is alive.
  app.get("/healthz", async () => ({ status: "ok" }));

  // Whether to send new requests here: not while draining.
  app.get("/readyz", async (_request, reply) => {
    if (!app.draining) return { status: "ready" };
    reply.code(503);
    return { status: "draining" };
  });
}

export async function listen(app: FastifyInstance, port: number): Promise<void> {
  // Fastify announces each address in a sentence; a number is easier to look for.
  const { level } = app.log;
  app.log.level = "warn";
  // No name: all interfaces, with IPv6 where there is any.
  await app.listen({ port, host: "" });
  app.log.level = level;
  app.log.info({ port }, "listening");
}

/** Accepts no more; resolves when what was sent is answered, or at drainTimeout. */
export async function drain(app: FastifyInstance, timeout = drainTimeout): Promise<void> {
  app.draining = true;
  app.log.info("draining");
  const finish = async () => {
    app.connections.stopListening();
    // In steps: a process that got no processor meanwhile reads what has come before it goes on.
    for (let step = 0; step < 10; step++) await sleep(lastRequests / 10);
    await app.connections.finish();
    await app.close();
  };
  const late = sleep(timeout, true, { ref: false });
  if (await Promise.race([finish(), late])) {
    app.log.warn({ requests: app.connections.inFlight }, "requests were still in flight");
  }
}

let bodies = 0;

// What a Host header is made of.
const hostName = /^[A-Za-z0-9!$%&'()*+,.:;=[\]_~-]*$/;

/** Refuses what is no HTTP/1.1, and what memory has no room for; probes are answered always. */
async function admit(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const status = malformation(request);
  if (status)
    return reply
      .code(status)
      .header("connection", "close")
      .send({ error: STATUS_CODES[status]?.toLowerCase() });

  const size = bodySize(request);
  const isProbe = /^\/(healthz|readyz)$/.test(request.url);
  const isFull = request.server.connections.inFlight > maxRequests || bodies + size > maxBodies;
  if (isFull && !isProbe)
    return reply.code(503).header("retry-after", "1").send({ error: "service unavailable" });
  bodies += size;
  reply.raw.once("close", () => {
    bodies -= size;
  });
  return undefined;
}

/** The status that says why a request is none: no host or two, another version, a body in an unknown encoding. */
function malformation({ raw, headers }: FastifyRequest): number | undefined {
  const hosts = raw.rawHeaders.filter(
    (_value, index, all) => index % 2 === 1 && /^host$/i.test(all[index - 1] ?? ""),
  );
  const needsHost = raw.httpVersion !== "1.0";
  if (hosts.length > 1 || (needsHost && hosts.length === 0) || raw.httpVersion === "0.9")
    return 400;
  if (!hosts.every((host) => hostName.test(host))) return 400;
  return (headers["transfer-encoding"] ?? "chunked").toLowerCase() === "chunked" ? undefined : 501;
}

/** Bytes of the body that may be in memory. */
function bodySize({ headers }: FastifyRequest): number {
  const isChunked = headers["transfer-encoding"] !== undefined;
  return isChunked ? bodyLimit : Math.min(Number(headers["content-length"] ?? 0), bodyLimit);
}

/** A path that exists answers a method that it does not have with 405, and names those that it has. */
function answerOtherMethods(app: FastifyInstance): void {
  const routes = new Map<string, Set<string>>();
  app.addHook("onRoute", ({ url, method }) => {
    const methods = routes.get(url) ?? new Set();
    for (const each of [method].flat()) methods.add(each);
    routes.set(url, methods);
  });
  app.after(() => {
    for (const [url, methods] of [...routes]) {
      const allowed = [...methods].join(", ");
      const others = app.supportedMethods.filter((method) => !app.hasRoute({ url, method }));
      if (others.length === 0) continue;
      app.route({
        method: others as HTTPMethods[],
        url,
        // Before the body is read, whatever its type.
        onRequest: async (_request, reply) =>
          reply.code(405).header("allow", allowed).send({ error: "method not allowed" }),
        handler: async () => {},
      });
    }
  });
}

function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const { code = "", statusCode = 500, message } = error;
  // A body of a kind that nobody reads, sent to nobody.
  if (request.is404 && code.startsWith("FST_ERR_CTP_"))
    return reply.code(404).send({ error: "not found" });
  if (statusCode < 500) return reply.code(statusCode).send({ error: message.toLowerCase() });
  request.log.error({ error: error.stack }, "request failed");
  return reply.code(statusCode).send({ error: "internal server error" });
}

/** Answers a path that cannot be decoded: one in another encoding than UTF-8 is none of the service's. */
function answerBadPath(_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const isEscaped = !/%(?![0-9a-f]{2})/i.test(request.originalUrl);
  const status = isEscaped ? 404 : 400;
  logRequest(request.server.log, request, status, 0);
  if (!isEscaped) reply.header("connection", "close");
  reply.code(status).send({ error: STATUS_CODES[status]?.toLowerCase() });
}

const malformed: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers what is no HTTP, or came too slowly, and ends the connection. */
function answerMalformed(this: FastifyInstance, error: { code: string }, socket: Socket): void {
  // It is told of every further packet; and a connection may be gone, or in the middle of an answer.
  if (socket.writableEnded) return;
  const response = (socket as { _httpMessage?: ServerResponse })._httpMessage;
  if (response?.req.complete) {
    // The requests before it are answered first.
    response.once("finish", () => answerMalformed.call(this, error, socket));
    return;
  }
  if (!socket.writable || response?.headersSent) {
    socket.destroy();
    return;
  }
  const status = malformed[error.code] ?? 400;
  const phrase = STATUS_CODES[status] ?? "";
  const body = JSON.stringify({ error: phrase.toLowerCase() });
  logRequest(this.log, { method: "-", originalUrl: "-" }, status, 0);
  socket.end(
    `HTTP/1.1 ${status} ${phrase}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  // What is unread when a connection is closed resets it, and the answer may be lost.
  setTimeout(() => socket.destroy(), lastRequests).unref();
}
