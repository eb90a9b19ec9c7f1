import "reflect-metadata";
import { fork } from "node:child_process";
import { once } from "node:events";
import { plainToInstance } from "class-transformer";
import { validate } from "class-validator";
import type { FastifyInstance } from "fastify";
import { h } from "preact";
import { render } from "preact-render-to-string";
import { Order, Prices } from "@/lib/order";
import { Page } from "page";

/** Registers every endpoint; a new one goes here. */
export async function routes(app: FastifyInstance): Promise<void> {
  app.get("/", async () => ({ message: "Hello from hello-service" }));

  app.get("/order", async () => {
    const order = plainToInstance(Order, { email: "nobody", item: { count: 0 } });
    const errors = await validate(order);
    const types = Reflect.getMetadata("design:paramtypes", Order);
    return { errors: errors.map(({ property }) => property), injected: types[0] === Prices };
  });

  app.get("/page", async (_request, reply) =>
    reply.type("text/html").send(render(h(Page, { name: "you" }))),
  );

  app.get("/job", async () => {
    const byAlias = await import(`@/jobs/${"clean"}`);
    const byName = await import(`./jobs/${"clean"}.ts`);
    return { done: byAlias.job(), same: byAlias === byName };
  });

  app.get("/trace", async () => ({ stack: new Error("here").stack }));

  app.get("/names", async () => {
    const { job } = await import(`#jobs/${"clean"}`);
    const [fromChild] = await once(fork("src/jobs/child"), "message");
    return { done: job(), fromChild };
  });
}
