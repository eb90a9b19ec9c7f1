import type { FastifyInstance } from "fastify";

const greeting = "Hello from {{ cookiecutter.project_slug }}";

/** Registers every endpoint; a new one goes here. */
export async function routes(app: FastifyInstance): Promise<void> {
  app.get("/", async () => ({ message: greeting }));
}
