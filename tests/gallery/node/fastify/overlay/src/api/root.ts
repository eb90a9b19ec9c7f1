import type { FastifyInstance } from "fastify";

export default async (app: FastifyInstance) => {
  app.get("/", (_request, reply) => reply.viewAsync("index.hbs", { name: "Hello" }));
};
