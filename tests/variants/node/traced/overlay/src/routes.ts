import type { FastifyInstance } from "fastify";

/** Registers every endpoint; a new one goes here. */
export async function routes(app: FastifyInstance): Promise<void> {
  app.get("/", async () => ({ message: "Hello from hello-service" }));

  // The collector, which spans reach over the loopback interface as they would reach any other.
  const spans: string[] = [];
  app.post<{ Body: { resourceSpans: { scopeSpans: { scope: { name: string } }[] }[] } }>(
    "/v1/traces",
    async ({ body }) => {
      const scopes = body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans);
      spans.push(...scopes.map(({ scope }) => scope.name));
      return {};
    },
  );

  app.get("/spans", async () => ({ scopes: [...new Set(spans)].sort() }));
}
