import type { FastifyInstance } from "fastify";
import pg from "pg";

const greeting = "Hello from hello-service";

/** Registers every endpoint; a new one goes here. */
export async function routes(app: FastifyInstance): Promise<void> {
  app.get("/", async () => ({ message: greeting }));

  app.get("/pg", async () => {
    const client = new pg.Client("postgres://orders@db.test:5433/orders");
    return {
      host: client.host,
      port: client.port,
      identifier: pg.escapeIdentifier('or"ders'),
    };
  });
}
