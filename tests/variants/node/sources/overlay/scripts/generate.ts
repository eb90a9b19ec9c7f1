// As `prisma generate` does, it writes a client into node_modules, and a source.
import { mkdirSync, writeFileSync } from "node:fs";

mkdirSync("node_modules/.generated", { recursive: true });
writeFileSync("node_modules/.generated/client.cjs", 'module.exports = "client";\n');
mkdirSync("src/generated", { recursive: true });
writeFileSync("src/generated/schema.ts", 'export const schema: string = "schema";\n');
