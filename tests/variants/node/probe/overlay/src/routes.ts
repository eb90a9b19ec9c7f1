import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";

const greeting = "Hello from hello-service";

/** Registers every endpoint; a new one goes here. */
export async function routes(app: FastifyInstance): Promise<void> {
  app.get("/", async () => ({ message: greeting }));

  app.get<{ Querystring: { ms: string } }>("/slow", async ({ query }) => {
    const ms = Number(query.ms);
    await sleep(ms);
    return { slept: ms };
  });

  app.get<{ Querystring: { url: string } }>("/fetch", async ({ query }, reply) => {
    try {
      const { status } = await fetch(query.url);
      return { status };
    } catch (error) {
      reply.code(502);
      return { error: String((error as Error).cause ?? error) };
    }
  });

  app.get("/fail", async () => {
    throw new Error("the password is swordfish");
  });

  app.get<{ Querystring: { name: string } }>("/zone", async ({ query }) => {
    const summer = Date.UTC(2026, 6, 1);
    const local = new Date(summer).toLocaleString("sv-SE", { timeZone: query.name });
    return { offset_minutes: (Date.parse(`${local}Z`) - summer) / 60_000 };
  });
}
