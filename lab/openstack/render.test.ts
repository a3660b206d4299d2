import test from "ava";
import { fill } from "./render.ts";

test("a template gets its values", (t) => {
  t.is(fill("a = {{x}}/{{y}}\nb = {{x}}\n", { x: "1", y: "2" }), "a = 1/2\nb = 1\n");
});

test("a template that asks for what is not there is a mistake", (t) => {
  t.throws(() => fill("{{nobody}}", {}), { message: "no value for {{nobody}}" });
});
