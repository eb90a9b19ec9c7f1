// A hook changes the lock: pnpm refuses one that was made with another hook.
module.exports = { hooks: { readPackage: (manifest) => manifest } };
