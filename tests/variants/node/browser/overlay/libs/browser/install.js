// As packages do that bring a browser: a program goes into the user's cache.
const { copyFileSync, mkdirSync } = require("node:fs");
const { homedir } = require("node:os");

const folder = `${homedir()}/.cache/browser/linux-1.0`;
mkdirSync(folder, { recursive: true });
copyFileSync("/bin/true", `${folder}/browser`);
