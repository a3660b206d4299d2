import test from "ava";
import { Random } from "./random.ts";

test("the same seed gives the same draws, another seed others", (t) => {
  const draw = (seed: number) => {
    const random = Random.from(seed);
    return [random.float(), random.int(0, 1000), random.normal(0, 1), random.poisson(4)];
  };
  t.deepEqual(draw(1), draw(1));
  t.notDeepEqual(draw(1), draw(2));
});

test("a fork does not depend on what its parent has drawn", (t) => {
  const fresh = Random.from(7);
  const used = Random.from(7);
  used.float();
  t.is(fresh.fork("link").float(), used.fork("link").float());
  t.not(fresh.fork("link").float(), fresh.fork("host").float());
});

test("the log-normal has the mean and deviation that were asked for", (t) => {
  const random = Random.from(3);
  const values = Array.from({ length: 20_000 }, () => random.logNormal(1200, 300));
  const mean = values.reduce((a, b) => a + b) / values.length;
  const sd = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1));
  t.true(Math.abs(mean - 1200) < 10);
  t.true(Math.abs(sd - 300) < 10);
});

test("a shuffle keeps every element", (t) => {
  const list = [1, 2, 3, 4, 5, 6];
  const shuffled = Random.from(1).shuffle(list);
  t.deepEqual(
    [...shuffled].sort((a, b) => a - b),
    list,
  );
});
