import type { FastifyInstance } from "fastify";

const greeting = "Hello from {{ cookiecutter.project_slug }}";

/** Registers every endpoint; a new one goes here. */
export async function routes(app: FastifyInstance): Promise<void> {
  app.get("/", async () => ({ message: greeting }));

  // The process is alive.
  app.get("/healthz", async () => ({ status: "ok" }));

  // Whether to send new requests here: not while draining.
  app.get("/readyz", async (_request, reply) => {
    if (!app.draining) return { status: "ready" };
    reply.code(503);
    return { status: "draining" };
  });
}
