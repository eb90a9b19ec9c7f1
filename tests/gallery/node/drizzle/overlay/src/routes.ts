import { eq } from "drizzle-orm";
import type { FastifyInstance } from "fastify";
import { database, disconnect, orders } from "./database.ts";

/** Registers every endpoint; a new one goes here. */
export async function routes(app: FastifyInstance): Promise<void> {
  app.addHook("onClose", disconnect);

  app.get("/", async () => ({ message: "Hello" }));

  app.post<{ Body: { title: string } }>("/orders", async ({ body }, reply) => {
    const [order] = await database.insert(orders).values(body).returning();
    return reply.code(201).send(order);
  });

  app.get<{ Params: { id: string } }>("/orders/:id", async ({ params }) => {
    const [order] = await database.select().from(orders).where(eq(orders.id, Number(params.id)));
    return order;
  });
}
