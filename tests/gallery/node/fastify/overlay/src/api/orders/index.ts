import type { FastifyInstance } from "fastify";

const schema = {
  body: { type: "object", required: ["count"], properties: { count: { type: "integer", minimum: 1 } } },
};

export default async (app: FastifyInstance) => {
  app.post<{ Body: { count: number } }>("/", { schema }, async ({ body }) => ({
    count: body.count,
    year: app.year(),
  }));
};
