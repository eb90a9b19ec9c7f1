// Loads the service's TypeScript, which docker/tools/build.mjs compiled in place: each file keeps its name, so that
// whatever names it (an import, a worker, a folder that is searched) finds it. Part of the template: an update replaces it.
const { readFileSync, statSync } = require("node:fs");
const { createRequire, findPackageJSON, registerHooks } = require("node:module");
const { join } = require("node:path");
const { fileURLToPath, pathToFileURL } = require("node:url");

const { paths, preloads, resolvesAsTypeScript } = require("./typescript.json");

// As if the file that package.json names had been given on the command line.
if (process.argv[1] === "/app") process.argv[1] = require.resolve("/app");

// As npm does, which starts the service on a developer's machine.
const { name, version } = JSON.parse(readFileSync("/app/package.json", "utf8"));
for (const [key, value] of Object.entries({ name, version }))
  if (value !== undefined) process.env[`npm_package_${key}`] ??= value;

registerHooks({ load, ...(resolvesAsTypeScript && { resolve }) });

// What the start script has node load first, such as a tracer.
preloads.map(createRequire("/app/package.json"));

/** Node need not take the types off again. */
function load(url, context, next) {
  const format = context.format?.replace("-typescript", "") ?? formatOf(url);
  return next(url, { ...context, format });
}

/** What node does not know: a file with JSX is a module or not as the nearest package.json says. */
function formatOf(url) {
  if (!/\.[jt]sx$/.test(url)) return undefined;
  const { type } = JSON.parse(readFileSync(findPackageJSON(url), "utf8"));
  return type === "module" ? "module" : "commonjs";
}

/** Finds what TypeScript finds and node does not: aliases, names without an ending, ./a.js that is a.ts. */
function resolve(specifier, context, next) {
  const { parentURL = "" } = context; // a program that is started (fork) has none
  if (!/^(file:|$)/.test(parentURL) || parentURL.includes("/node_modules/"))
    return next(specifier, context);
  const aliased = parentURL && aliases(specifier).map(existing).find(Boolean);
  if (aliased) return { url: pathToFileURL(aliased).href, format: undefined, shortCircuit: true };
  try {
    return next(specifier, context);
  } catch (error) {
    const isPath = /^(\.{0,2}\/|file:)/.test(specifier);
    // What `imports` of package.json makes of a name (#lib/a) is in the error.
    const wanted = isPath ? new URL(specifier, parentURL || "file:") : error.url;
    const found = wanted && existing(fileURLToPath(wanted));
    if (!found) throw error;
    return { url: pathToFileURL(found).href, format: undefined, shortCircuit: true };
  }
}

/** The files that the `paths` of tsconfig.json may mean, and after them `baseUrl`. */
function aliases(specifier) {
  return paths.flatMap(([pattern, targets]) => {
    const [start, end] = pattern.split("*");
    const matches =
      end === undefined
        ? specifier === start
        : specifier.startsWith(start) && specifier.endsWith(end);
    if (!matches) return [];
    const middle = specifier.slice(start.length, specifier.length - (end?.length ?? 0));
    return targets.map((target) => join("/app", target.replace("*", middle)));
  });
}

/** The file that TypeScript takes for `path`. */
function existing(path) {
  const isFile = (file) => statSync(file, { throwIfNoEntry: false })?.isFile();
  const endings = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json"];
  return [
    path,
    path.replace(/\.([cm]?)jsx?$/, ".$1ts"),
    path.replace(/\.jsx?$/, ".tsx"),
    ...endings.map((ending) => path + ending),
    ...endings.map((ending) => join(path, `index${ending}`)),
  ].find(isFile);
}
