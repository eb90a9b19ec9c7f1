// A service whose logger is silent, and whose handler of errors ends it.
import Fastify from "fastify";

process.on("unhandledRejection", () => process.exit(1));
const app = Fastify();
app.register(async () => {
  throw new Error("DATABASE_URL is missing");
});
app.listen({ port: Number(process.env.PORT), host: "::" });
