import { createServer } from "node:http";
import { area } from "@acme/core";
import slugify from "@acme/slug";
import ms from "ms";

const server = createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ message: "Hello", area: area(3), slug: slugify("Ärger mit Öl"), ms: ms(60000, { long: true }), patched: process.env.PATCHED }));
}).listen(process.env.PORT);
process.on("SIGTERM", () => server.close());
