import { join } from "node:path";
import autoload from "@fastify/autoload";
import files from "@fastify/static";
import view from "@fastify/view";
import type { FastifyInstance } from "fastify";
import handlebars from "handlebars";

/** Registers every folder of plugins and endpoints. */
export async function routes(app: FastifyInstance): Promise<void> {
  app.register(files, { root: join(process.cwd(), "public"), prefix: "/public/" });
  app.register(view, { engine: { handlebars }, root: "views" });
  app.register(autoload, { dir: join(import.meta.dirname, "plugins") });
  app.register(autoload, { dir: join(import.meta.dirname, "api") });
}
