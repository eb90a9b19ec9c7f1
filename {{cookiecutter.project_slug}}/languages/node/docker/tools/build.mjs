// Bundles src/main.ts into OUT/dist; what cannot be bundled goes to OUT/node_modules, as files.
//
//     node docker/build.mjs [OUT]
//
// A package is kept as files, with all that it depends on, when it is native, looks for files beside
// itself, or loads modules by a computed name. That is found out here, never listed by hand.
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { basename, dirname, join, relative, resolve } from "node:path";
import { build } from "esbuild";

const out = resolve(process.argv[2] ?? "out");

const looksBeside =
  /\b(__dirname|__filename|import\.meta\.(url|dirname|filename|resolve)|new Worker)\b/;
const computedNames = [
  "indirect-require",
  "require-resolve-not-external",
  "unsupported-dynamic-import",
  "unsupported-require-call",
];
// Tracers patch packages while these are loaded from files: where there is a tracer, all are kept.
const tracers = ["import-in-the-middle", "require-in-the-middle"];
// What no program loads: TypeScript (node refuses it in packages), maps, prose, the sources of native
// code; at the top, tests and docs.
const deadFile = /\.([cm]?ts|tsx|map|md|c|cc|cpp|h|hpp|o)$/;
const deadFolder = /^node_modules\/(@[^/]+\/)?[^/]+\/(test|tests|docs|examples|benchmarks)$/;
const licence = /^(licen[cs]e|notice|copying)/i;

/** "node_modules/a/node_modules/b/c.js" is in the package "node_modules/a/node_modules/b", … */
const packageOf = (file) => /^(.*node_modules\/(@[^/]+\/)?[^/]+)/.exec(file)?.[1];
/** … which comes along with "node_modules/a". */
const outermost = (file) => /^node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0];
const inProject = (path) => relative(".", path);
const isAlive = (path) =>
  licence.test(basename(path)) || !(deadFile.test(path) || deadFolder.test(path));
const manifestOf = (dir) => JSON.parse(readFileSync(`${dir}/package.json`, "utf8"));

const kept = new Set();

/** Keeps a package and those that it depends on. */
function keep(dir) {
  if (kept.has(dir)) return;
  kept.add(dir);
  for (const nested of [dir, ...globSync(`${dir}/**/node_modules/{*,@*/*}`)]) {
    if (!existsSync(`${nested}/package.json`)) continue;
    const { dependencies, optionalDependencies, peerDependencies } = manifestOf(nested);
    const { paths } = createRequire(resolve(nested, "package.json")).resolve;
    for (const name of Object.keys({
      ...dependencies,
      ...optionalDependencies,
      ...peerDependencies,
    })) {
      const found = paths(name).find((place) => existsSync(`${place}/${name}/package.json`));
      if (found) keep(outermost(inProject(`${found}/${name}`)));
    }
  }
}

// import reads all that a module exports, and some exports of node:http load half of node (50 ms);
// require does not.
const requireBuiltins = {
  name: "require-builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /./ }, ({ path, kind }) =>
      kind === "import-statement" && isBuiltin(path) ? { path, namespace: "builtin" } : undefined,
    );
    onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = require("${path}");`,
    }));
  },
};

const leaveKeptOut = {
  name: "leave-kept-out",
  setup({ onResolve, resolve: find }) {
    onResolve({ filter: /./ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === "asked" || from.kind === "entry-point") return;
      const found = await find(path, { ...from, pluginData: "asked" });
      if (found.errors.length > 0) {
        // A package may do without what it does not find (an optional peer); the service may not.
        if (packageOf(from.importer)) return { path, external: true };
        if (path.startsWith(".")) return found;
        const text = `${path} is not among the dependencies of production: npm install --save-prod ${path}`;
        return { errors: [{ text }] };
      }
      const owner = outermost(inProject(found.path));
      if (owner && found.path.endsWith(".node")) keep(owner);
      return kept.has(owner) ? { path, external: true } : found;
    });
  },
};

async function bundle() {
  rmSync(out, { recursive: true, force: true });
  const { metafile, warnings } = await build({
    entryPoints: { main: "src/main.ts" },
    outdir: join(out, "dist"),
    bundle: true,
    splitting: true,
    platform: "node",
    target: `node${process.versions.node}`,
    format: "esm",
    outExtension: { ".js": ".mjs" },
    banner: {
      js: 'const require = process.getBuiltinModule("module").createRequire(import.meta.url);',
    },
    // As node takes types off: an import stays even where nothing of it is used.
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    // Not minified: a stack trace can be read without the map, and it starts no slower.
    sourcemap: "linked",
    sourcesContent: false,
    metafile: true,
    plugins: [requireBuiltins, leaveKeptOut],
    logLevel: "error",
    logOverride: Object.fromEntries(computedNames.map((id) => [id, "warning"])),
  });
  const computed = new Set(warnings.map(({ location }) => location.file));
  const files = Object.keys(metafile.inputs).filter((file) => existsSync(file));
  return files.map((file) => ({
    file,
    beside: looksBeside.exec(readFileSync(file, "utf8"))?.[0],
    computed: computed.has(file),
  }));
}

/** Bundles until nothing more has to be kept; returns the files that are in the bundle. */
async function bundleAllButKept() {
  const direct = Object.keys(manifestOf(".").dependencies ?? {}).map(
    (name) => `node_modules/${name}`,
  );
  if (tracers.some((name) => existsSync(`node_modules/${name}`))) direct.forEach(keep);
  for (;;) {
    const before = kept.size;
    const inputs = await bundle();
    const bundled = new Set(inputs.map(({ file }) => packageOf(file)));
    for (const { file, beside, computed } of inputs) {
      if (packageOf(file) && (beside || computed)) keep(outermost(file));
    }
    for (const dir of bundled) {
      if (dir && globSync(`${dir}/**/{*.node,binding.gyp}`).length > 0) keep(outermost(dir));
    }
    // What the service depends on and nothing imports is loaded by its name: a plugin, a log transport.
    for (const dir of direct) if (!bundled.has(dir)) keep(dir);
    if (kept.size === before) return inputs;
  }
}

const inputs = await bundleAllButKept();

for (const { file, beside, computed } of inputs.filter(({ file }) => !packageOf(file))) {
  const refuse = (why) => {
    console.error(`build: ${file} ${why}`);
    process.exit(1);
  };
  if (computed)
    refuse("imports a computed name, which the bundle cannot follow: import literal names.");
  if (/\bnew Worker\b/.test(readFileSync(file, "utf8")))
    refuse(
      "starts a worker, whose file the bundle would lack: put the worker into a package, which keeps its files.",
    );
  if (beside && dirname(file) !== "src")
    refuse(
      `uses ${beside}, but the bundle is one folder: look for files from a source directly in src/.`,
    );
}
// Sources directly in src/ find what lies there beside them.
cpSync("src", join(out, "dist"), {
  recursive: true,
  filter: (path) => !/\.[cm]?[jt]s$/.test(path),
});

mkdirSync(join(out, "node_modules"));
for (const dir of kept) {
  cpSync(dir, join(out, dir), { recursive: true, filter: isAlive });
}
// Of what is bundled, the name, version and licence: scanners look for these.
for (const dir of new Set(inputs.map(({ file }) => packageOf(file)).filter(Boolean))) {
  for (const name of readdirSync(dir)) {
    if (name === "package.json" || licence.test(name))
      cpSync(join(dir, name), join(out, dir, name), { recursive: true });
  }
}
const names = [...kept].map((dir) => dir.slice("node_modules/".length)).sort();
console.log(`bundled src/main.ts; kept as files: ${names.join(", ") || "nothing"}`);
