import type { FastifyInstance } from "fastify";
import sharp from "sharp";

const greeting = "Hello from hello-service";

/** Registers every endpoint; a new one goes here. */
export async function routes(app: FastifyInstance): Promise<void> {
  app.get("/", async () => ({ message: greeting }));

  app.get("/picture", async () => {
    const red = { width: 64, height: 48, channels: 3, background: "red" } as const;
    const picture = await sharp({ create: red }).resize(32).webp().toBuffer();
    const { width, height, format } = await sharp(picture).metadata();
    return { width, height, format };
  });
}
