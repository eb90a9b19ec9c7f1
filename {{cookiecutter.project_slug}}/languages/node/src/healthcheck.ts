// Not imported: that loads whatever node:http exports, fetch and WebSocket too.
const { get } = process.getBuiltinModule("node:http");

const timeout = 2_000;

/** Resolves when the server at `baseURL` says that it is alive; rejects with a sentence otherwise. */
export function healthcheck(baseURL: string): Promise<void> {
  const url = `${baseURL}/healthz`;
  return new Promise((resolve, reject) => {
    get(url, { agent: false, signal: AbortSignal.timeout(timeout) }, (response) => {
      response.destroy();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`unhealthy: ${url} answered ${response.statusCode}`));
    }).on("error", (error) => reject(new Error(`unhealthy: ${url}: ${error.message}`)));
  });
}
