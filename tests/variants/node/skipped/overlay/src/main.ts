// A warning that has a stack, and then the error that ends the service.
console.warn(new Error("connect ECONNREFUSED 127.0.0.1:5432"));
await import(["not", "there"].join("-"));
