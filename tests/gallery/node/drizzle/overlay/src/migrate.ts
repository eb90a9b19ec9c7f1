import { migrate } from "drizzle-orm/node-postgres/migrator";
import { database, disconnect } from "./database.ts";

await migrate(database, { migrationsFolder: "drizzle" });
await disconnect();
