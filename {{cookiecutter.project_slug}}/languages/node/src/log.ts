import { type FastifyReply, type FastifyRequest, LogController } from "fastify";

/** One JSON object a line, with times in UTC. */
export function logTo(stream: NodeJS.WritableStream) {
  return {
    stream,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label.toUpperCase() }) },
  };
}

/** Logs each request once, when it is answered. */
export class RequestLog extends LogController {
  override requestCompleted(_error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    request.server.log.info(
      {
        method: request.method,
        path: request.url.split("?", 1)[0],
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime * 1000) / 1000,
      },
      "request",
    );
  }

  override incomingRequest(): void {}
}
