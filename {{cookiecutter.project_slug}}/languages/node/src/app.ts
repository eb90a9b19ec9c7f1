import Fastify, { type FastifyError, type FastifyInstance } from "fastify";
import { logTo, RequestLog } from "./log.ts";
import { routes } from "./routes.ts";

declare module "fastify" {
  interface FastifyInstance {
    /** Set from SIGTERM on: answer what is in flight, ask for nothing new. */
    draining: boolean;
  }
}

// A client that is slower than this is cut off, so that it cannot hold a connection for ever.
const headersTimeout = 5_000;
const requestTimeout = 30_000;
const keepAliveTimeout = 120_000;
const connectionsCheckingInterval = 1_000;

// Docker kills ten seconds after SIGTERM; two are left to exit.
const drainTimeout = 8_000;

export function createApp(out: NodeJS.WritableStream = process.stdout): FastifyInstance {
  const app = Fastify({
    logger: logTo(out),
    logController: new RequestLog(),
    requestTimeout,
    keepAliveTimeout,
    http: { headersTimeout, connectionsCheckingInterval },
    // While draining, connections that are open get their answers, readiness among them.
    return503OnClosing: false,
  });
  app.decorate("draining", false);
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: "not found" }));
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const { statusCode = 500, message } = error;
    if (statusCode < 500) return reply.code(statusCode).send({ error: message });
    request.log.error({ error: error.stack }, "request failed");
    return reply.code(statusCode).send({ error: "internal server error" });
  });
  app.register(routes);
  return app;
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

/** Accepts no more; resolves when what is in flight is answered, rejects after drainTimeout. */
export async function drain(app: FastifyInstance, timeout = drainTimeout): Promise<void> {
  app.draining = true;
  app.log.info("draining");
  // A connection that is kept alive after its last answer would hold up the end.
  setInterval(() => app.server.closeIdleConnections(), 50).unref();
  const late = new Promise<never>((_resolve, reject) => {
    const error = new Error(`requests were still in flight after ${timeout} ms`);
    setTimeout(reject, timeout, error).unref();
  });
  await Promise.race([app.close(), late]);
}
