import { expect, it } from "vitest";
import { TributaryError } from "../../server/errors/tributary-error.ts";
import { LoginLimits } from "../../server/people/login-limits.ts";

const minute = 60_000;

function start() {
  const clock = { now: 1_000_000 };
  const limits = new LoginLimits(() => clock.now);
  /** How many of so many wrong passwords were looked at. */
  const fail = (times: number, email: (index: number) => string, from: (index: number) => string | null) => {
    let taken = 0;
    for (let index = 0; index < times; index++) {
      try {
        limits.take(email(index), from(index));
        taken++;
      } catch (error) {
        expect((error as TributaryError).code).toBe("TOO_MANY_LOGINS");
      }
    }
    return taken;
  };
  return { clock, limits, fail };
}

const one = () => "ann@river.example";

it("an account has ten wrong passwords in a quarter of an hour, from however many addresses", () => {
  const { clock, limits, fail } = start();
  expect(fail(50, one, (index) => `10.0.0.${index}`)).toBe(10);
  expect(
    fail(
      50,
      () => " ANN@River.example ",
      () => "10.1.0.1",
    ),
  ).toBe(0);
  // Others are not kept from theirs.
  limits.take("bob@river.example", "10.0.0.1");
  clock.now += 15 * minute;
  expect(fail(50, one, () => "10.2.0.1")).toBe(10);
});

it("an address has thirty, for however many accounts, and an IPv6 network counts as one", () => {
  const { fail } = start();
  const many = (index: number) => `person-${index}@river.example`;
  expect(fail(100, many, () => "10.0.0.1")).toBe(30);
  expect(fail(100, many, () => "::ffff:10.0.0.1")).toBe(0);
  expect(
    fail(
      100,
      (index) => `v6-${index}@river.example`,
      (index) => `2001:db8:1:2::${index.toString(16)}`,
    ),
  ).toBe(30);
  expect(fail(1, one, () => "2001:db8:1:3::1")).toBe(1);
});

it("says in how many minutes the next one is looked at", () => {
  const { clock, limits, fail } = start();
  fail(10, one, () => "10.0.0.1");
  clock.now += 5 * minute;
  expect(() => limits.take(one(), "10.0.0.1")).toThrow(TributaryError);
  try {
    limits.take(one(), "10.0.0.1");
  } catch (error) {
    expect((error as TributaryError).toPlain().remedy).toContain("Wait 10 min");
  }
});

it("a right password is taken back, and clears what its account had mistyped", () => {
  const { limits, fail } = start();
  for (let round = 0; round < 20; round++) {
    fail(1, one, () => "10.0.0.1");
    limits.take(one(), "10.0.0.1")();
  }
  // Twenty wrong ones from the address remain.
  expect(
    fail(
      100,
      (index) => `other-${index}@river.example`,
      () => "10.0.0.1",
    ),
  ).toBe(10);
});

it("holds what it counts in bounded memory", () => {
  const { limits, fail } = start();
  expect(
    fail(
      20_000,
      (index) => `a${index}@x.example`,
      (index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    ),
  ).toBe(20_000);
  // The latest are still counted.
  expect(
    fail(
      20,
      () => "a19999@x.example",
      (index) => `11.0.0.${index}`,
    ),
  ).toBe(9);
  expect(limits).toBeDefined();
});
