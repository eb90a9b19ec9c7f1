// As a tracer does: it is there before what it traces.
import { registerHooks } from "node:module";

registerHooks({
  resolve(name, context, next) {
    if (name === "express") globalThis.traced = name;
    return next(name, context);
  },
});
