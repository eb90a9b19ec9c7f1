// As packages do that download a program: into the user's cache, and from there into their own folder.
const { copyFileSync, mkdirSync } = require("node:fs");
const { homedir } = require("node:os");

const folder = `${homedir()}/.cache/cached/linux-1.0`;
mkdirSync(folder, { recursive: true });
copyFileSync("/bin/true", `${folder}/engine`);
copyFileSync(`${folder}/engine`, "engine");
