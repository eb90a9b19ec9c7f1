import { drizzle } from "drizzle-orm/node-postgres";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import pg from "pg";

export const orders = pgTable("orders", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  title: text().notNull(),
});

// Connects when it is asked for the first time: the service may start before its database.
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 2_000 });
pool.on("error", () => {});
export const database = drizzle(pool);
export const disconnect = () => pool.end();
