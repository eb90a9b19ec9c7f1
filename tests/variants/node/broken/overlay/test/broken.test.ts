import assert from "node:assert/strict";
import { test } from "node:test";

test("broken", () => assert.fail("deliberately broken"));
