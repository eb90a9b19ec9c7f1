CREATE TABLE "orders" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
	"title" text NOT NULL
);
--> statement-breakpoint
INSERT INTO "orders" ("title") VALUES ('first');
