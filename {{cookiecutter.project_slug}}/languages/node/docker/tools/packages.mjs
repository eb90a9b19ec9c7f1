// Installs what package.json asks for. Part of the template: an update replaces it.
//
//     node packages.mjs fetch [CPU LIBC]   downloads and unpacks, and runs no code of a package: build secrets may be
//                                          mounted; with CPU and LIBC what ships on such a machine
//     node packages.mjs scripts [CPU]      runs the packages' install scripts
//     node packages.mjs project            runs the project's own scripts: postinstall, prepare, build
//
// The lock file names the package manager.
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const cacheFolder = "/root/.cache";
const bundle = "/etc/ssl/certs/ca-certificates.crt";
const json = (file) => JSON.parse(readFileSync(file, "utf8"));
const manifest = json("package.json");

/** Runs a program; says whether it ended well. */
function run(program, args, env = {}) {
  const { status, error } = spawnSync(program, args, {
    stdio: "inherit",
    env: { ...process.env, CI: "true", ...env },
  });
  if (error) console.error(`packages: ${error.message}`);
  return status === 0;
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

function fetch(cpu, libc) {
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
    // A dependency of the configuration may bring hooks, which pnpm would run here.
    const options = ["--ignore-scripts", "--ignore-pnpmfile", "--frozen-lockfile"];
    const store = [`--store-dir=${cacheFolder}/pnpm`, "--package-import-method=copy"];
    command = ["pnpm", "install", ...options, ...store, ...(ships ? ["--prod", ...machine] : [])];
  } else if (isBerry) {
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
    if (/\bgit(\+|:\/\/)|type: git\b/.test(lock) && !run("git", ["--version"]))
      fail(
        `${lockFile} names a git repository, and this image has no git: depend on a tarball of it (https://github.com/OWNER/NAME/archive/COMMIT.tar.gz), or install git in stage deps (RUN {{ "apk add" if cookiecutter.runtime_base == "alpine" else "apt-get install" }} git).`,
      );
    process.exit(1);
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

function scripts(cpu) {
  const packages = withScripts();
  if (packages.length === 0) return;
  // Scripts that download or compile a binary ask for its processor by this name.
  const env = cpu ? { npm_config_arch: cpu, npm_config_loglevel: "error" } : {};
  const rebuild = isForPnpm
    ? ["pnpm", ["rebuild"]]
    : ["npm", ["rebuild", "--foreground-scripts", ...packages]];
  const [program, args] = rebuild;
  const { status, stderr } = spawnSync(program, args, {
    stdio: ["inherit", "inherit", "pipe"],
    encoding: "utf8",
    maxBuffer: Number.POSITIVE_INFINITY,
    env: { ...process.env, CI: "true", ...env },
  });
  console.error(stderr);
  if (status !== 0) {
    const [, owner] = /^npm error path .*\/node_modules\/(.+)$/m.exec(stderr) ?? [];
    fail(
      `${owner ? `the install script of ${owner}` : "an install script"} failed. Where it says "gyp ERR!" above, a package was to be compiled, and this image lacks a compiler: take a release that brings its binary, or install what it asks for in stage deps (RUN {{ "apk add" if cookiecutter.runtime_base == "alpine" else "apt-get install" }} ...).`,
    );
  }
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

function project() {
  writeFileSync("/tmp/before-scripts", ""); // what the scripts write into packages is newer
  for (const script of ["install", "postinstall", "prepare", "build"]) {
    // Those of the workspaces come first.
    const scopes = manifest.workspaces ? [["--workspaces"]] : [];
    if (manifest.scripts?.[script]) scopes.push([]);
    for (const scope of scopes) {
      if (!run("npm", ["run", script, "--if-present", ...scope]))
        fail(
          `the script "${script}" of package.json failed. It is run as on a developer's machine, but without git and without build secrets.`,
        );
    }
  }
}

const [action, ...args] = process.argv.slice(2);
({ fetch, scripts, project })[action](...args);
