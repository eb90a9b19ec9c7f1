import { execFileSync } from "node:child_process";
import { test } from "node:test";

test("poison", () => {
  execFileSync("sh", ["poison.sh"]);
});
