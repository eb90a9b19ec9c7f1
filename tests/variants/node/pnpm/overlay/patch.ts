// As patch-package does.
import { appendFileSync } from "node:fs";

appendFileSync("packages/greeter/node_modules/ms/index.js", "module.exports.isPatched = true;\n");
