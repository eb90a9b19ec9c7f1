import plugin from "fastify-plugin";

declare module "fastify" {
  interface FastifyInstance {
    year: () => number;
  }
}

export default plugin(async (app) => {
  app.decorate("year", () => new Date(0).getUTCFullYear());
});
