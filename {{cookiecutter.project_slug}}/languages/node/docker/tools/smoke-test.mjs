// Starts the service once, as it will be shipped. What the bundle or the image lacks fails the build
// here; that a service cannot do without its settings or its database does not.
import { spawn, spawnSync } from "node:child_process";

const service = new URL("../app/dist/main.mjs", import.meta.url).pathname;
const env = { ...process.env, PORT: "8080" };
const lacking =
  /^.*(MODULE_NOT_FOUND|Cannot find (module|package)|ERR_DLOPEN_FAILED|shared object|ENOENT.*'\/app\/|ReferenceError|SyntaxError).*$/m;

let stderr = "";
const child = spawn(process.execPath, [service], { env, stdio: ["ignore", "ignore", "pipe"] });
child.stderr.on("data", (data) => {
  stderr += data;
});
child.on("close", (code) => {
  clearInterval(probe);
  const [sentence] = lacking.exec(stderr) ?? [];
  if (sentence) {
    console.error(stderr);
    console.error(`smoke: the service does not start in its image: ${sentence.trim()}`);
    process.exit(1);
  }
  if (code !== 0)
    console.warn(
      `smoke: the service ended with code ${code}; that nothing is missing could not be seen.\n${stderr}`,
    );
});

const healthy = () => spawnSync(process.execPath, [service, "healthcheck"], { env }).status === 0;
const deadline = Date.now() + 30_000;
const probe = setInterval(() => {
  if (Date.now() > deadline) child.kill("SIGKILL");
  else if (healthy()) child.kill("SIGTERM");
}, 100);
