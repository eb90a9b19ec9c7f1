// Installs what package.json asks for. Part of the template: an update replaces it.
//
//     node packages.mjs fetch [CPU LIBC]   downloads and unpacks, and runs no code of a package: build secrets may be
//                                          mounted; with CPU and LIBC what ships on such a machine
//     node packages.mjs scripts [CPU]      runs the packages' install scripts
//     node packages.mjs project            runs the project's own scripts: postinstall, prepare, build
//
// The lock file names the package manager.
import { spawn, spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { once } from "node:events";
import {
  appendFileSync,
  closeSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

const cacheFolder = "/root/.cache";
const bundle = "/etc/ssl/certs/ca-certificates.crt";
const settings = "/root/.npmrc"; // the build secret `registry`
const json = (file) => JSON.parse(readFileSync(file, "utf8"));
const manifest = json("package.json");
process.env.pnpm_config_pm_on_fail = "ignore"; // pnpm would install itself once more

/** Runs a program; says whether it ended well. */
function run(program, args, env = {}) {
  const { status, error } = spawnSync(program, args, {
    stdio: "inherit",
    env: { ...process.env, CI: "true", ...env },
  });
  if (error) console.error(`packages: ${error.message}`);
  return status === 0;
}

/** Runs a script, whose words are read and passed on. */
async function runScript(program, args, env = {}) {
  const child = spawn(program, args, {
    stdio: ["inherit", "pipe", "pipe"],
    env: { ...process.env, CI: "true", ...env },
  });
  let output = "";
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8").on("data", (text) => {
      process[name].write(text);
      output += text;
    });
  }
  const [status] = await once(child, "close");
  return { isDone: status === 0, output };
}

/** What a failed script lacked, by its words, and what to do. */
function advice(output) {
  const [, host] =
    /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH) ([\w.-]+)/.exec(
      output,
    ) ?? [];
  const lacksCompiler = /gyp ERR! find |not found: make|(g\+\+|cc): (not found|No such file)/;
  if (/self.signed certificate|_CERT_|LEAF_SIGNATURE|local issuer certificate/i.test(output))
    return "It does not trust the certificate of the host that it downloads from: code of packages runs without the build secrets. Copy the CA bundle into stage deps and name it there (ENV NODE_EXTRA_CA_CERTS=/ca.pem), or let it download from a mirror.";
  if (/gyp ERR!/.test(output) && lacksCompiler.test(output))
    return `It compiles${host ? `, because it could not download a binary from ${host}` : ""}, and this image has no compiler: install one in stage deps ({{ cookiecutter._docs }}/services/node.md#native-add-ons has the line), or take a package that has its binary on npm.`;
  if (host)
    return `It downloads from ${host}, which cannot be reached from here: name a proxy (--build-arg HTTPS_PROXY=...), or set in stage deps the variable with which it takes a mirror or downloads nothing (ENV ...).`;
  return "It is run as on a developer's machine, but without git, a compiler and the build secrets.";
}

/** Whether a file is a program or a library for Linux. */
function isNative(file) {
  const start = Buffer.alloc(4);
  const opened = openSync(file, "r");
  readSync(opened, start);
  closeSync(opened);
  return start.toString("latin1") === "\x7fELF";
}

/** Notes the programs that scripts put into a home folder, each with its checksum, for build.mjs: they do not ship. */
function noteWritten(home, since = 0) {
  const files = globSync("{.[a-z]*,*}/*/**", {
    cwd: home,
    withFileTypes: true,
    exclude: ["**/npm"],
  })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => statSync(file).mtimeMs >= since && isNative(file));
  for (const file of files) {
    const [folder, below] = file.slice(home.length + 1).split("/");
    appendFileSync("written-outside", `${hash("sha256", readFileSync(file))} ${folder}/${below}\n`);
  }
}

function fail(sentence) {
  console.error(`packages: ${sentence}`);
  process.exit(1);
}

const lockFiles = ["package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock"];
const [lockFile, ...otherLockFiles] = lockFiles.filter((file) => existsSync(file));
if (!lockFile) fail("there is no lock file: commit package-lock.json, which npm install writes.");
if (otherLockFiles.length > 0)
  fail(
    `there are ${lockFile} and ${otherLockFiles.join(", ")}: delete those of package managers that the project does not use.`,
  );
const lock = readFileSync(lockFile, "utf8");
const isBerry = /^__metadata:/m.test(lock); // Yarn 2 and later
const isForNpm = lockFile.endsWith(".json");
const isForPnpm = lockFile === "pnpm-lock.yaml";

/** Node's image has npm only; npm installs the other package managers, in the version that package.json names. */
function installManager(env) {
  if (isForNpm) return;
  const [, version] = /^[a-z]+@([^+]+)/.exec(manifest.packageManager) ?? [];
  const [name, major] = isForPnpm
    ? ["pnpm", "10"]
    : isBerry
      ? ["@yarnpkg/cli-dist", "4"]
      : ["yarn", "1"];
  const install = ["install", "--global", "--no-audit", "--no-fund", "--ignore-scripts"];
  if (!run("npm", [...install, `${name}@${version ?? major}`], env))
    fail(`${name} could not be installed: "packageManager" in package.json names its version.`);
}

/** A token that a variable is to hold (`_authToken=${NPM_TOKEN}`) is in the build secret, which a line of the project would override. */
function dropVariables() {
  const isSet = ([, name]) => process.env[name] !== undefined;
  for (const file of [".npmrc", ".yarnrc.yml"].filter(existsSync)) {
    const lines = readFileSync(file, "utf8").split("\n");
    const known = lines.filter((line) => [...line.matchAll(/\$\{(\w+)\}/g)].every(isSet));
    if (known.length < lines.length) writeFileSync(file, known.join("\n"));
  }
}

/** npm leaves packages of other systems out of a lock that it writes beside an older node_modules (npm/cli#4828). */
function refuseIncompleteLock() {
  const { packages = {} } = json(lockFile);
  const there = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, "")));
  for (const [path, { optionalDependencies }] of Object.entries(packages)) {
    const names = Object.keys(optionalDependencies ?? {});
    // Those for processors that no image is made for may be missing.
    const isForImages = (name) => /linux.*(x64|x86_64|amd64|arm64|aarch64|-64)/.test(name);
    const missing = names.filter((name) => isForImages(name) && !there.has(name));
    if (missing.length > 0)
      fail(
        `${lockFile} lacks ${missing.join(", ")}, which ${path} needs on Linux: delete ${lockFile} and node_modules together, and let npm install write them again. If it leaves them out again, the registry does not have them: take another version of ${path.replace(/^.*node_modules\//, "")}.`,
      );
  }
}

function fetch(cpu, libc) {
  dropVariables();
  if (isForNpm) refuseIncompleteLock();
  // A file that is missing or empty is no CA bundle.
  const hasBundle = statSync(bundle, { throwIfNoEntry: false })?.size > 0;
  const env = hasBundle ? { NODE_EXTRA_CA_CERTS: bundle } : {};
  installManager(env);
  const machine = [`--cpu=${cpu}`, `--libc=${libc}`, "--os=linux"];
  const ships = cpu !== undefined;
  let command;
  if (isForNpm) {
    const options = ["--ignore-scripts", "--no-audit", "--no-fund"];
    command = ["npm", "ci", ...options, ...(ships ? ["--omit=dev", ...machine] : [])];
  } else if (isForPnpm) {
    // Hooks are code, also of a dependency of the configuration. What they change is in the lock already; with their
    // checksum in it, pnpm would not install without them.
    writeFileSync(lockFile, lock.replace(/^pnpmfileChecksum: .*\n/m, ""));
    const options = ["--ignore-scripts", "--ignore-pnpmfile", "--frozen-lockfile"];
    const store = [`--store-dir=${cacheFolder}/pnpm`, "--package-import-method=copy"];
    command = ["pnpm", "install", ...options, ...store, ...(ships ? ["--prod", ...machine] : [])];
  } else if (isBerry) {
    // The same secret, which is a .yarnrc.yml then.
    const yarnSettings = "/root/.yarnrc.yml";
    if (existsSync(settings) && !existsSync(yarnSettings)) symlinkSync(settings, yarnSettings);
    // Plug'n'Play keeps packages in archives, which only a loader of its own reads.
    env.YARN_NODE_LINKER = "node-modules";
    env.YARN_ENABLE_SCRIPTS = "false";
    env.YARN_GLOBAL_FOLDER = `${cacheFolder}/yarn`;
    const focus = ["workspaces", "focus", "--all", "--production"];
    command = ["yarn", ...(ships ? focus : ["install", "--immutable"])];
  } else {
    const options = ["--ignore-scripts", "--frozen-lockfile", "--non-interactive"];
    const cache = `--cache-folder=${cacheFolder}/yarn`;
    command = ["yarn", "install", ...options, cache, ...(ships ? ["--production"] : [])];
  }
  const [program, ...args] = command;
  if (!run(program, args, env)) {
    if (/\bgit(\+|:\/\/)|\.git#|type: git\b/.test(lock) && !run("git", ["--version"]))
      fail(
        `${lockFile} names a git repository, and this image has no git: depend on a tarball of it (https://github.com/OWNER/NAME/archive/COMMIT.tar.gz), or install git in stage deps (RUN {{ "apk add" if cookiecutter.runtime_base == "alpine" else "apt-get install" }} git).`,
      );
    const copied = isBerry && /@(file:[^#:]+)#.*::hash=/.exec(lock)?.[1];
    if (copied)
      fail(
        `yarn copies the folder of ${copied}, and of folders only the manifest is there yet: write portal: in place of file: and lock again.`,
      );
    fail(
      `${program} could not install the packages of ${lockFile}, as it says above. Where a registry asks for a token: --secret id=registry,src=FILE (${isBerry ? "a .yarnrc.yml" : "an .npmrc"}); where a certificate is not trusted: --secret id=ca,src=FILE.`,
    );
  }
  mkdirSync("node_modules", { recursive: true }); // also where there is nothing to install
}

/** NAME@VERSION of each installed package with an install script; the project's own folders are not among them. */
function withScripts() {
  const manifests = globSync("**/node_modules/{*,@*/*}/package.json");
  const found = manifests.filter((file) => {
    const { scripts = {} } = json(file);
    const names = ["preinstall", "install", "postinstall"];
    return names.some((name) => scripts[name]) || existsSync(`${dirname(file)}/binding.gyp`);
  });
  return [...new Set(found.map(json).map(({ name, version }) => `${name}@${version}`))];
}

/**
 * The names of the packages that the project or what it requires cannot do without. Others are there for
 * optionalDependencies alone.
 */
function required() {
  const installed = Map.groupBy(globSync("**/node_modules/{*,@*/*}/package.json"), (file) =>
    dirname(file).replace(/^.*node_modules\//, ""),
  );
  const names = new Set();
  const visit = (file) => {
    const { dependencies, devDependencies, peerDependencies, optionalDependencies } = json(file);
    for (const name of Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies })) {
      if (optionalDependencies?.[name] || names.has(name)) continue;
      names.add(name);
      installed.get(name)?.forEach(visit);
    }
  };
  globSync("**/package.json", { exclude: isPackages }).forEach(visit);
  return names;
}

async function scripts(cpu) {
  // Scripts that download or compile a binary ask for its processor by this name.
  const env = cpu ? { npm_config_arch: cpu, npm_config_loglevel: "error" } : {};
  // Node's headers are in its image; node-gyp need not download them.
  env.npm_package_config_node_gyp_nodedir = dirname(dirname(process.execPath));
  // What ships has a home folder of its own, which tells what was written into it.
  const home = mkdtempSync("/tmp/home-");
  if (cpu) env.HOME = home;
  for (;;) {
    const packages = withScripts();
    if (packages.length === 0) return;
    const [program, args] = isForPnpm
      ? ["pnpm", ["rebuild"]]
      : ["npm", ["rebuild", "--foreground-scripts", ...packages]];
    const { isDone, output } = await runScript(program, args, env);
    if (isDone) break;
    const [, folder, owner] = /^npm error path (.*\/node_modules\/(.+))$/m.exec(output) ?? [];
    if (owner && !required().has(owner)) {
      // As npm install and yarn do; pnpm rebuild does so itself.
      rmSync(folder, { recursive: true });
      console.error(
        `packages: the install script of ${owner} failed, and the image is without it: it is an optional dependency. ${advice(output)}`,
      );
      continue;
    }
    const which = owner ? `the install script of ${owner}` : "an install script";
    fail(`${which} failed. ${advice(output)}`);
  }
  noteWritten(home);
  sayWhatWasSkipped();
}

/** pnpm, and npm from version 12 on, run only the scripts of packages that the project has approved. */
function sayWhatWasSkipped() {
  if (isForPnpm) {
    run("pnpm", ["ignored-builds"]);
    return;
  }
  const ask = (...args) => spawnSync("npm", args, { encoding: "utf8" }).stdout;
  if (Number.parseInt(ask("--version"), 10) < 12) return;
  const pending = ask("approve-scripts", "--allow-scripts-pending", "--json");
  const skipped = JSON.parse(pending).allowScripts.flatMap(({ changes }) => changes);
  if (skipped.length > 0)
    console.error(
      `packages: npm has not run the install scripts of ${skipped.map(({ key }) => key).join(", ")}: "allowScripts" in package.json does not name them (npm approve-scripts, or npm deny-scripts where they are not needed).`,
    );
}

const isPackages = (path) => basename(path) === "node_modules";

/** pnpm and Yarn copy a folder that is a dependency (`file:./lib`), and had only its manifest to copy. */
function copyFolders() {
  for (const file of globSync("**/package.json", { exclude: isPackages })) {
    const { dependencies, optionalDependencies } = json(file);
    for (const [name, from] of Object.entries({ ...dependencies, ...optionalDependencies })) {
      const folder = join(dirname(file), from.replace(/^file:/, ""));
      if (!from.startsWith("file:") || !existsSync(join(folder, "package.json"))) continue;
      const places = [dirname(file), "."].map((root) => join(root, "node_modules", name));
      const installed = places.find(existsSync);
      if (!installed || realpathSync(installed) === realpathSync(folder)) continue; // npm links it
      const filter = (path) => !isPackages(path);
      cpSync(folder, realpathSync(installed), { recursive: true, force: true, filter });
    }
  }
}

async function project() {
  dropVariables();
  writeFileSync("/tmp/before-scripts", ""); // what the scripts write is newer
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20); // clocks of files are coarse
  copyFolders();
  for (const script of ["install", "postinstall", "prepare", "build"]) {
    const isThere = manifest.scripts?.[script] !== undefined;
    // As npm does: those of the workspaces first. In which order they are built only a script of the project knows.
    const scopes =
      manifest.workspaces && !(script === "build" && isThere) ? [["--workspaces"]] : [];
    if (isThere) scopes.push([]);
    for (const scope of scopes) {
      const { isDone, output } = await runScript("npm", ["run", script, "--if-present", ...scope]);
      if (!isDone) fail(`the script "${script}" of package.json failed. ${advice(output)}`);
    }
  }
  noteWritten("/root", statSync("/tmp/before-scripts").mtimeMs);
}

const [action, ...args] = process.argv.slice(2);
await { fetch, scripts, project }[action](...args);
