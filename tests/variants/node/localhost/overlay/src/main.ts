import Fastify from "fastify";

const app = Fastify();
app.get("/healthz", async () => ({ status: "ok" }));
app.listen({ port: Number(process.env.PORT) });
