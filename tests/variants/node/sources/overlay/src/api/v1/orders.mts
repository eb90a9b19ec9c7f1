import type { FastifyInstance } from "fastify";

export default async (app: FastifyInstance) => {
  app.get("/orders", async () => ({ file: import.meta.filename }));
};
