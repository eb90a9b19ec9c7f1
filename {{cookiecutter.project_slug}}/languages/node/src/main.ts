// Answers HTTP requests on PORT until SIGTERM, SIGINT or SIGHUP.

const defaultPort = {{ cookiecutter.port }};

await serve(parsePort(process.env.PORT));

async function serve(port: number): Promise<void> {
  // The process may be told to stop before it has started; as PID 1 it has to listen from the beginning.
  let stop: () => Promise<void> = async () => process.exit();
  let isStopping = false;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
    process.on(signal, async () => {
      if (isStopping) return;
      isStopping = true;
      await stop();
      // A timer or a pool that was left open must not hold up the end.
      process.exit();
    });
  }
  reportOnQuit();
  const { createApp, drain, listen } = await import("./app.ts");
  const app = createApp();
  await listen(app, port).catch((error: Error) => fail(error.message));
  stop = () => drain(app);
}

/** SIGQUIT prints what runs, of which a thread of its own asks: also in the middle of a loop. */
function reportOnQuit(): void {
  const unsaid = { excludeNetwork: true, excludeEnv: true }; // names of peers, secrets
  Object.assign(process.report, { signal: "SIGQUIT", filename: "stderr", ...unsaid });
  process.report.reportOnSignal = true;
}

/** The port to listen on: `value`, or the default where it is empty. */
function parsePort(value = ""): number {
  if (value === "") return defaultPort;
  const port = Number(value);
  if (!/^\d+$/.test(value) || port < 1 || port > 65535) {
    fail(
      `PORT is ${JSON.stringify(value)}: give it a number from 1 to 65535, for example ${defaultPort}`,
    );
  }
  return port;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
