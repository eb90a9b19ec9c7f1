import {
  type FastifyBaseLogger,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";

const maxLine = 8 * 1024;
const maxPath = 1024;

/** One JSON object a line, with times in UTC. */
export function logTo(stream: NodeJS.WritableStream) {
  return {
    stream: { write: (line: string) => void stream.write(cut(line)) },
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label.toUpperCase() }) },
  };
}

/** Logs each request once, when it is answered. */
export class RequestLog extends LogController {
  override requestCompleted(_error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const isProbe = /^(GET|HEAD) \/(healthz|readyz)$/.test(`${request.method} ${target(request)}`);
    if (isProbe && reply.statusCode < 400) return;
    logRequest(request.server.log, request, reply.statusCode, reply.elapsedTime);
  }

  override incomingRequest(): void {}

  // A client that leaves is no error of the service.
  override streamError(): void {}
}

const target = (request: { originalUrl: string }) => request.originalUrl.split("?", 1)[0] ?? "";

/** The line about a request that was answered. */
export function logRequest(
  log: FastifyBaseLogger,
  request: { method: string; originalUrl: string },
  status: number,
  duration: number,
): void {
  const path = target(request);
  log.info(
    {
      method: request.method,
      path: path.slice(0, maxPath),
      ...(path.length > maxPath && { path_length: path.length }),
      status,
      duration_ms: Math.round(duration * 1000) / 1000,
    },
    "request",
  );
}

/** Shortens the longest text of a line that is too long for what collects it. */
function cut(line: string): string {
  if (Buffer.byteLength(line) <= maxLine) return line;
  const fields: Record<string, unknown> = JSON.parse(line);
  let [longest, text] = ["", ""];
  for (const [name, value] of Object.entries(fields)) {
    const written = typeof value === "string" ? value : JSON.stringify(value);
    if (written.length > text.length) [longest, text] = [name, written];
  }
  // Halved until it fits: how long a character gets in JSON is for JSON to say.
  const half = text.replace(/…\[cut\]$/, "").slice(0, text.length / 2);
  return cut(`${JSON.stringify({ ...fields, [longest]: `${half}…[cut]` })}\n`);
}
