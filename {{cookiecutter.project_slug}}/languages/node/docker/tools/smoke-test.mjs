// Starts the service as production does and asks what docker/smoke-test.txt lists. Part of the template: an update replaces it.
//
//     node smoke-test.mjs ARGUMENT...     what node is given to start the service
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { get } from "node:http";
import { connect } from "node:net";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const startTimeout = 60_000;
// A service that is not expected to start is watched until it does nothing for a while.
const idleTimeout = 3_000;
const watchTimeout = 30_000;
const requestTimeout = 10_000;
// More than in production: builders are busy, or emulate a processor.
const stopTimeout = 30_000;

/** The lines of a file of the team, without comments; none where there is no such file. */
const lines = (file) =>
  (existsSync(`/docker/${file}`) ? readFileSync(`/docker/${file}`, "utf8") : "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith("#"));
const settings = (file) =>
  Object.fromEntries(lines(file).map((line) => line.split(/=(.*)/s).slice(0, 2)));

let output = "";
refuseOptions();
const requests = lines("smoke-test.txt");
/** Why the service is not expected to start. */
const skipped = requests
  .find((line) => /^skip\s/.test(line))
  ?.replace(/^skip\s+/, "")
  .replace(/\.$/, "");

const port = 8080;
// Every container has HOSTNAME, and this build step does not.
const env = {
  HOSTNAME: hostname(),
  ...process.env,
  ...settings("smoke-test.env"),
  PORT: String(port),
};
// A build has no limit of memory: what the container gets is said in MB instead of as a share.
const { MEMORY_MB } = settings("limits.env");
const args = process.argv
  .slice(2)
  .map((arg) =>
    arg.replace(
      /^--max-old-space-size-percentage=(\d+)$/,
      (_, share) =>
        `--max-old-space-size=${Math.floor((Number.parseInt(MEMORY_MB, 10) * share) / 100)}`,
    ),
  );
const child = spawn(process.execPath, args, { env, stdio: "pipe" });
child.stdin.end();
for (const stream of [child.stdout, child.stderr]) {
  stream.setEncoding("utf8").on("data", (text) => {
    output = (output + text).slice(-100_000);
  });
}
const ended = once(child, "close").then(([code, signal]) => ({
  reason: signal ?? `code ${code}`,
  code,
}));
let isRunning = true;
ended.then(() => {
  isRunning = false;
});

function fail(what, help) {
  console.error(output);
  console.error(`smoke-test: ${what}. ${help}`);
  process.exit(1);
}
const settingsHelp =
  "What is started is the file that main in package.json names: it has to listen on PORT and to answer GET /healthz with 200. A setting that it needs goes to docker/smoke-test.env. The package of a library or program that it lacks goes to docker/packages.txt. Only /tmp can be written to. If it cannot start without something from outside, such as a database, write the line skip REASON to docker/smoke-test.txt.";

/** What the start script gives to node, and the image does not: a program may need it (--expose-gc). */
function refuseOptions() {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
  const script = scripts?.["start:prod"] ?? scripts?.start ?? "";
  // For a developer, about memory, which is the container's, or what node 24 does by itself; files to load are loaded.
  const isForgone =
    /^--?(env-file|watch|inspect|max.(old|semi).space.size|(no-)?(warnings|deprecation)|disable-warning|trace|enable-source-maps|experimental-((strip|transform)-types|modules|json-modules|fetch))/;
  // Loaders that are for development alone (ts-node) do not ship.
  const isOfProject = (name) => existsSync(`node_modules/${/^(@[^/]+\/)?[^/]+/.exec(name)?.[0]}`);
  const command = script
    .replace(/\s(?:--import|--require|-r)(?:\s+|=)\S+/g, "")
    .replace(/\s--(?:experimental-)?loader(?:\s+|=)(\S+)/g, (all, name) =>
      /^\./.test(name) || isOfProject(name) ? all : "",
    );
  const [, options = ""] = /(?:^|[\s/])node\s+((?:-\S+\s+)*)/.exec(command) ?? []; // not ts-node
  const given = process.argv.map((arg) => arg.split("=")[0]);
  const missing = options
    .split(/\s+/)
    .filter((option) => option && !isForgone.test(option) && !given.includes(option.split("=")[0]));
  if (missing.length > 0)
    fail(
      `the start script gives node ${missing.join(" ")}, and the image does not`,
      "Add it to ENTRYPOINT and to the last line of stage smoke-test in the Dockerfile, or delete it from the script.",
    );
}

/** Why a service ends without an error. */
function endedHelp() {
  const { main, scripts } = JSON.parse(readFileSync("package.json", "utf8"));
  const start = scripts?.["start:prod"] ?? scripts?.start ?? "node";
  const unused = /\bnode\b/.test(start)
    ? ""
    : ` What the script "start" runs (${start}) is not used.`;
  return `${main}, which main in package.json names, ends by itself: name the file that listens on PORT.${unused} If there is none, write one.`;
}

/** Starts a service that ended without a word once more, and has node say what it came across and where it ended. */
function explain() {
  if (/error|exception|fatal/i.test(output)) return;
  const told = ["uncaughtException", "unhandledRejection"].map(
    (event) => `process.prependListener("${event}", (error) => console.error(error));`,
  );
  const options = ["--trace-exit", `--import=data:text/javascript,${told.join("")}`];
  const { stderr } = spawnSync(process.execPath, [...options, ...args], {
    env,
    encoding: "utf8",
    timeout: 10_000,
  });
  console.error(`smoke-test: it did not say why. Started again, node says:\n${stderr}`);
}

/** The answer to GET `path`; undefined where there is none. */
async function ask(path) {
  const request = get({
    host: "127.0.0.1",
    port,
    path,
    agent: false,
    signal: AbortSignal.timeout(skipped ? 1_000 : requestTimeout),
  });
  try {
    const [response] = await once(request, "response");
    let body = "";
    for await (const text of response.setEncoding("utf8")) body += text;
    return { status: response.statusCode, body };
  } catch {
    return undefined;
  }
}

/** Whether a connection to `port` is accepted at an address. */
async function isOpen(host) {
  const socket = connect({ host, port });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function refuseLocalhost() {
  const onLocalhost = (await isOpen("127.0.0.1")) || (await isOpen("::1"));
  // Another address of the loopback interface.
  if (onLocalhost && !(await isOpen("127.0.0.2")))
    fail(
      "the service listens on localhost, where nobody outside of its container reaches it",
      'Let it listen on every address: listen({ port, host: "0.0.0.0" }). Fastify listens on localhost where no host is given. A server that takes its host from HOSTNAME, which names the container, needs ENV HOSTNAME=0.0.0.0 in stages smoke-test and runtime of the Dockerfile.',
    );
}

/** Says on which ports the service listens, if none of them is PORT. The network is that of this build step. */
function elsewhere() {
  const ports = ["tcp", "tcp6"]
    .map((name) => `/proc/net/${name}`)
    .filter(existsSync)
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .map((line) => /^\s*\d+: \w+:(\w+) \S+ 0A /.exec(line)?.[1]) // 0A: LISTEN
    .filter(Boolean)
    .map((digits) => Number.parseInt(digits, 16));
  return ports.length === 0 || ports.includes(port)
    ? ""
    : `It listens on ${ports.join(", ")}: let it listen on the port that the variable PORT names, which is ${port} here. `;
}

/** What an error says that is the image's fault, whatever is missing outside of it: in the words of Node and of the loader. */
const imageFault =
  /\b(?:ERR_)?MODULE_NOT_FOUND\b|Cannot find (?:module|package) '|\bERR_(?:DLOPEN_FAILED|UNKNOWN_BUILTIN_MODULE|UNKNOWN_FILE_EXTENSION|UNSUPPORTED_DIR_IMPORT|PACKAGE_\w+)\b|cannot open shared object file|Error (?:loading shared library|relocating) |\b(?:EROFS|EACCES): [^,]+, \w+ '|\bspawn \S+ (?:ENOENT|EACCES)\b/;
const outsideFault =
  /\b(?:ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT)\b/;

/** The lines of the last error that was printed, as text or in JSON, without its stack; where there is none, the last line. */
function lastError() {
  const isFrame = (line) => /^\s*at /.test(line);
  const said = output
    .replaceAll("\\n", "\n")
    .split("\n")
    .filter((line) => line.trim());
  const error = said.slice(
    said.findLastIndex((line) => /(?:Error|Exception)\b/.test(line) && !isFrame(line)),
  );
  const lines = error.filter((line) => !isFrame(line));
  // Without a stack it is a warning, as it is far from the end.
  return lines.length < error.length && lines.length < 30 ? lines : said.slice(-1);
}

/**
 * How the service ended that is not expected to start. It may fail for want of what is outside, but not of what the image
 * has to have: that would fail in production, too. A name in the reason (/data, libcuda.so.1) is said to be outside.
 */
function judge(reason, code) {
  const error = lastError();
  const told = error.findLast((line) => imageFault.test(line) || outsideFault.test(line)) ?? "";
  const names = skipped.match(/[\w@./-]*[./][\w@./-]*\w/g) ?? [];
  const isNamed = names.some((name) => error.some((line) => line.includes(name)));
  const isImageFault = code !== 0 && imageFault.test(told) && !isNamed;
  const line = (isImageFault ? error.find((text) => imageFault.test(text)) : error.at(0)) ?? "";
  const said = line
    .trim()
    .replace(/^.*"(?=\w*Error\b)/, "") // in JSON
    .slice(0, 300);
  const excuse = `the service ended with ${reason}, which the line skip does not excuse${said && `: ${said}`}`;
  if (/^SIG(?:SEGV|BUS|ILL|TRAP|ABRT|FPE|SYS)$/.test(reason))
    fail(
      excuse,
      "Native code crashes: take a build of the package for this C library and processor, or another base.",
    );
  if (isImageFault)
    fail(
      excuse,
      "A package that it imports is named in the dependencies of package.json, the package of a library or program in docker/packages.txt. Only /tmp can be written to. What production adds to the image, such as a volume or a driver, is named in the reason: skip It needs /data.",
    );
  return `ended with ${reason}${said && `: ${said}`}`;
}

/** The hundredths of a second that the service has had a processor. */
function processorTime() {
  try {
    const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ").at(-1).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return 0; // it has ended
  }
}

/** What became of a service that is not expected to start. */
async function watch() {
  const start = Date.now();
  let used = 0;
  let busy = start;
  while (Date.now() < Math.min(start + watchTimeout, busy + idleTimeout)) {
    const health = await ask("/healthz");
    if (health?.status === 200) return "became healthy: the line skip may not be needed.";
    const end = await Promise.race([ended, sleep(200)]);
    if (end) return judge(end.reason, end.code);
    if (processorTime() > used + 30) {
      used = processorTime();
      busy = Date.now();
    }
  }
  return "did not become healthy.";
}

if (skipped) {
  console.log(
    `smoke-test: skipped: ${skipped}. So it is not proven that the service starts in its image. Without what it needs, it ${await watch()}`,
  );
  process.exit();
}

const deadline = Date.now() + startTimeout;
let health;
for (;;) {
  health = await ask("/healthz");
  if (!isRunning) {
    const { reason, code } = await ended;
    if (code > 0) explain();
    fail(`the service ended with ${reason}`, code === 0 ? endedHelp() : settingsHelp);
  }
  if (health?.status === 200) break;
  if (Date.now() > deadline) {
    await refuseLocalhost();
    const last = health ? `answers ${health.status}` : "does not answer";
    const help = elsewhere() + settingsHelp;
    fail(`the service is not healthy after 60 s: GET /healthz ${last}`, help);
  }
  await sleep(50);
}

await refuseLocalhost();

for (const line of requests) {
  const [, path, status, text] = /^(\S+)\s+(\d{3})(?:\s+(.*))?$/.exec(line) ?? [];
  if (!path) fail(`"${line}" is not PATH STATUS [TEXT]`, "Edit docker/smoke-test.txt.");
  const answer = await ask(path);
  if (!answer) await sleep(100); // to know of its end
  if (!isRunning)
    fail(`the service ended with ${(await ended).reason} at GET ${path}`, "Why is said above.");
  const seen = answer ? `${answer.status} ${answer.body.slice(0, 1000)}` : "no answer";
  if (answer?.status !== Number(status) || !answer.body.includes(text ?? ""))
    fail(
      `GET ${path} gave ${seen}, not ${status} ${text ?? ""}`.trimEnd(),
      "If the answer is right, edit docker/smoke-test.txt.",
    );
}

child.kill("SIGTERM");
const stopped = await Promise.race([ended, sleep(stopTimeout)]);
// 143 is 128 + SIGTERM: Next.js, for example, says so once it has drained.
if (stopped?.code !== 0 && stopped?.code !== 143) {
  const how = stopped ? `ended with ${stopped.reason}` : "did not end within 30 s";
  const again = stopped?.code === null ? ", and not send itself the signal again" : "";
  fail(
    `the service ${how} after SIGTERM`,
    `Let it handle SIGTERM: close the server, finish its requests, call process.exit(0)${again}.`,
  );
}
console.log(
  `smoke-test: the service started, answered /healthz and ${requests.length} more, and stopped.`,
);
process.exit();
