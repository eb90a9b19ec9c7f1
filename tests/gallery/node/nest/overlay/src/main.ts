import { ValidationPipe } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { AppModule } from "./app.module";

const port = process.env.PORT ?? 8080;

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
  app.enableShutdownHooks([], { useProcessExit: true });
  await app.listen(port);
}

async function healthcheck() {
  const { status } = await fetch(`http://127.0.0.1:${port}/healthz`);
  process.exit(status === 200 ? 0 : 1);
}

void (process.argv[2] === "healthcheck" ? healthcheck() : bootstrap());
