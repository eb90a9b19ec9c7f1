// Lays out what ships: the project, its TypeScript compiled in place, and its packages without what is certainly dead.
// Part of the template: an update replaces it.
//
//     node build.mjs PRODUCTION OUT     PRODUCTION: the folder in which the packages of production are installed
//
// OUT/project goes to /app, OUT/dependencies as well, OUT/lib to /usr/local/lib.
import { execFileSync } from "node:child_process";
import { hash } from "node:crypto";
import {
  cpSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { basename, extname, join, matchesGlob } from "node:path";

const [production, out] = process.argv.slice(2);
const cpu = { amd64: "x64" }[process.env.TARGETARCH] ?? process.env.TARGETARCH;

function fail(message) {
  console.error(`build: ${message}`);
  process.exit(1);
}

// Of the project: all that is not for building or testing it.
const notShipped = [
  /^(docker|test|tests)$/,
  /^(package-lock\.json|npm-shrinkwrap\.json|pnpm-(lock|workspace)\.yaml|yarn\.lock|\.npmrc|\.yarn.*)$/,
  /^(biome\.jsonc?|written-outside)$/,
  /(^|\/)node_modules$/,
  /(^|\/)__tests__$/,
];

// Of a package: what no program can use. Where the reason does not hold for certain, the file stays.
const dead = [
  // Declarations and maps of them: for a TypeScript compiler.
  ...(shipsTypeScript() ? [] : [/\.d\.([cm]?ts|[cm]?ts\.map)$/]),
  // Maps from JavaScript to sources that packages seldom ship: for a debugger.
  /\.[cm]?js\.map$/,
  // npm's and pnpm's notes about what they installed.
  /\/node_modules\/(\.package-lock\.json|\.modules\.yaml|\.pnpm-workspace-state.*|\.yarn-(integrity|state\.yml))$/,
];
function shipsTypeScript() {
  const places = ["node_modules/**/typescript/package.json", "node_modules/.pnpm/typescript@*"];
  return globSync(places, { cwd: production }).length > 0;
}
/** Tests: the name that test runners look for, and a test inside or a folder of tests. (An openapi.spec.ts is none.) */
const isTest = (path) =>
  /\.(test|spec|tap|test-d)\.[cm]?[jt]sx?$/.test(path) &&
  statSync(path).isFile() &&
  (/\/(tests?|__tests__)\//.test(path) ||
    /\b(describe|suite|test|it|expect\w*|assert)\b/.test(readFileSync(path, "utf8")));
/** Sources and leftovers of a native add-on: for a C compiler. */
const isNativeSource = (path) =>
  /\.(c|cc|cpp|cxx|h|hh|hpp|o|a)$/.test(path) && existsSync(`${packageOf(path)}/binding.gyp`);
/** Native add-ons for another system, in the folder where node-gyp-build looks for those of this one. */
const isForeign = (path) => {
  const [, platform, arch] = /\/prebuilds\/([a-z0-9]+)-([^/]+)$/.exec(path) ?? [];
  return platform && !(platform === "linux" && arch.split("+").includes(cpu));
};

const packageOf = (path) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0];

const copy = (from, to, isLeftOut) =>
  cpSync(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    force: true,
    filter: (path) => !isLeftOut(path),
  });

copy(
  ".",
  join(out, "project"),
  (path) => isTest(path) || notShipped.some((pattern) => pattern.test(path)),
);

for (const folder of globSync("**/node_modules", {
  cwd: production,
  exclude: (path) => /node_modules\//.test(path),
})) {
  const isDead = (path) =>
    dead.some((pattern) => pattern.test(path)) ||
    isTest(path) ||
    isNativeSource(path) ||
    isForeign(path);
  copy(join(production, folder), join(out, "dependencies", folder), isDead);
  copyWritten(folder);
}
mkdirSync(join(out, "dependencies/node_modules"), { recursive: true });

/** The files below a folder. (readdir's own `recursive` follows links, of which pnpm has many.) */
function* filesIn(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.isFile()) yield path;
  }
}

/** What the project's scripts wrote into packages (a generated client, a patch) ships with these. */
function copyWritten(folder) {
  if (!existsSync(folder)) return;
  // Not `find -newer`, which compares whole seconds on Alpine.
  const before = statSync("/tmp/before-scripts").mtimeMs;
  for (const file of filesIn(folder)) {
    if (file.includes("/.cache/") || lstatSync(file).mtimeMs <= before) continue;
    const owner = packageOf(file);
    const ships = basename(owner).startsWith(".") || existsSync(join(production, owner));
    if (ships) copy(file, join(out, "dependencies", file), () => false);
  }
}

/**
 * Programs that a script put into the builder's home folder are missing in the image, unless a package has a copy, or the
 * team says that the service does without.
 */
const written = ["written-outside", join(production, "written-outside")]
  .filter(existsSync)
  .flatMap((file) => readFileSync(file, "utf8").trim().split("\n"))
  .map((line) => /^(\S+) (.*)$/.exec(line).slice(1));
const checksum = (file) => hash("sha256", readFileSync(file));
const shipped = new Set(
  written.length > 0 ? [...filesIn(join(out, "dependencies"))].map(checksum) : [],
);
const optional = existsSync("docker/optional-native.txt")
  ? readFileSync("docker/optional-native.txt", "utf8").split("\n")
  : [];
for (const [sum, folder] of written) {
  if (shipped.has(sum)) continue;
  if (optional.some((pattern) => pattern && matchesGlob(`root/${folder}`, pattern))) continue;
  fail(
    `an install script has put programs into ~/${folder}, which is no part of the image. Name the package that brings such a program in docker/packages.txt (for a browser: chromium), and tell the library its path. If the service does without it, or puts it into HOME itself when it runs, add the line */${folder} to docker/optional-native.txt.`,
  );
}

const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const startScripts = ["start:prod", "start"].map((name) => manifest.scripts?.[name] ?? "");
// Options of node that load a file; it is the next word, or follows a "=".
const preloading = /\s(?:--import|--require|-r)(?:\s+|=)(\S+)/g;
const preloads = startScripts.flatMap((script) =>
  [...script.matchAll(preloading)].map(([, name]) => name),
);
// What follows the word node needs no ending (bin/www).
const program = startScripts.map((script) => /\bnode\s+(?:-\S+\s+)*(\S+)/.exec(script)?.[1]);
// What "main" names, else what a start script does, else what node or this template takes without a word.
const started = startScripts.flatMap((script) =>
  script
    .replace(preloading, "")
    .split(/\s+/)
    .flatMap((word) => [word, `${word}.js`]),
);
const sources = globSync("src/main.{ts,mts,cts,tsx,js,mjs,cjs}").sort();
const named = manifest.main ? ["", ".js", "/index.js"].map((end) => manifest.main + end) : [];
const main = [...named, ...started, "index.js", ...sources].find(
  (file) =>
    (/\.[cm]?[jt]sx?$/.test(file) || program.includes(file) || file === manifest.main) &&
    statSync(file, { throwIfNoEntry: false })?.isFile(),
);
if (!main)
  fail(
    manifest.main
      ? `"main" in package.json names ${manifest.main}, and there is no such file: the script "build" makes it, or .dockerignore leaves it out (\`!${manifest.main.split("/")[0]}\` at its end lets it in).`
      : nothingToStart(),
  );
if (main !== manifest.main)
  writeFileSync(
    join(out, "project/package.json"),
    `${JSON.stringify({ ...manifest, main }, null, 2)}\n`,
  );

/** What the start script names may be in a folder that the script "build" makes. */
function nothingToStart() {
  const file = program.find(Boolean);
  const [built] = file ? globSync(`*/${file}`, { exclude: ["node_modules"] }) : [];
  const script = startScripts.find(Boolean);
  const nothing = script ? `, and the start script (${script}) names no file of the project` : "";
  const why = file ? `, and ${file}, which the start script names, is not there` : nothing;
  return `there is nothing to start${why}: name the file in package.json ("main": "${built ?? "src/main.ts"}").`;
}

const tsc = "node_modules/.bin/tsc";
const options = readOptions();
const compiles = needsCompiler(options);
const compiled = compiles ? compile() : undefined;
for (const file of globSync("**/*.{ts,mts,cts,tsx,jsx}", { cwd: join(out, "project") })) {
  if (/\.d\.[cm]?ts$/.test(file)) continue;
  const target = join(out, "project", file);
  const emitted = compiled && join(compiled, file.replace(/\.([cm]?)[jt]sx?$/, ".$1js"));
  if (emitted && existsSync(emitted)) cpSync(emitted, target);
  else if (!extname(file).endsWith("x")) strip(target, file);
}

mkdirSync(join(out, "lib/typescript"), { recursive: true });
cpSync(join(import.meta.dirname, "typescript.cjs"), join(out, "lib/typescript/typescript.cjs"));
writeFileSync(
  join(out, "lib/typescript/typescript.json"),
  JSON.stringify({
    resolvesAsTypeScript: compiles,
    paths: pathsOf(options),
    // A loader that is for development alone is not there.
    preloads: [...new Set(preloads)].filter(ships),
  }),
);
console.log(
  `build: starts ${main}; TypeScript is ${compiles ? "compiled as tsconfig.json says" : "run as it is, without its types"}`,
);

/** Whether what an option of node names is a file of the project, or a package of production. */
function ships(name) {
  return /^\.{0,2}\//.test(name)
    ? existsSync(join(out, "project", name))
    : existsSync(join(production, packageOf(`node_modules/${name}`)));
}

/** The compiler options of tsconfig.json, with what it extends. */
function readOptions() {
  if (!existsSync("tsconfig.json") || !existsSync(tsc)) return {};
  try {
    const text = execFileSync(tsc, ["--showConfig"], { encoding: "utf8" });
    return JSON.parse(text).compilerOptions ?? {};
  } catch (error) {
    return fail(`tsconfig.json cannot be read: ${error.stdout || error.message}`);
  }
}

/** Whether the project is made for a compiler, rather than for node, which removes the types and does no more. */
function needsCompiler(options) {
  if (!/\.[cm]?tsx?$/.test(main) || Object.keys(options).length === 0) return false;
  const forNode =
    options.erasableSyntaxOnly &&
    options.verbatimModuleSyntax &&
    options.allowImportingTsExtensions;
  return (
    !forNode || options.experimentalDecorators || options.paths || options.baseUrl || options.jsx
  );
}

/** Compiles the project with its own compiler, whose type errors are for the linter; returns where it is. */
function compile() {
  const folder = mkdtempSync("/tmp/compiled-");
  const emit = ["--noEmit", "false", "--emitDeclarationOnly", "false", "--noEmitOnError", "false"];
  const where = ["--rootDir", ".", "--outDir", folder, "--declaration", "false"];
  const alone = ["--composite", "false", "--incremental", "false"];
  const maps = ["--sourceMap", "false", "--inlineSourceMap", "true"];
  const endings = options.allowImportingTsExtensions ? ["--rewriteRelativeImportExtensions"] : [];
  try {
    execFileSync(tsc, [...emit, ...where, ...alone, ...maps, ...endings], { encoding: "utf8" });
  } catch (error) {
    const emitted = join(folder, main.replace(/\.([cm]?)[jt]sx?$/, ".$1js"));
    if (!existsSync(emitted)) fail(`${main} was not compiled: ${error.stdout || error.message}`);
  }
  return folder;
}

/** Removes the types, as node does; lines and columns stay. */
function strip(target, file) {
  const source = readFileSync(target, "utf8");
  try {
    writeFileSync(target, stripTypeScriptTypes(source));
  } catch (error) {
    // What the project's own build or compiler made of it is what runs.
    if (compiles || !/\.[cm]?tsx?$/.test(main)) return;
    fail(
      `${file}: node cannot remove its types (${error.message}). Where tsconfig.json does not have erasableSyntaxOnly, it is compiled by the project's typescript (npm install --save-dev typescript).`,
    );
  }
}

/** The aliases of tsconfig.json, relative to the project, the most exact first. */
function pathsOf({ paths = {}, baseUrl }) {
  const root = (target) => join(baseUrl ?? ".", target);
  const aliases = Object.entries(paths).map(([pattern, targets]) => [pattern, targets.map(root)]);
  if (baseUrl) aliases.push(["*", [root("*")]]);
  const rank = (pattern) =>
    pattern.includes("*") ? pattern.indexOf("*") : Number.MAX_SAFE_INTEGER;
  return aliases.sort(([a], [b]) => rank(b) - rank(a) || b.length - a.length);
}
