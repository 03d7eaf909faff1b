import { describe, expect, it } from "vitest";
import { fieldOfReason } from "../../components/new-task/server-error-field.ts";
import { databaseOf, splitCredentials } from "../../components/new-task/split-credentials.ts";
import { choicesOf, emptyForm, newPair, type TaskForm } from "../../components/new-task/task-form.ts";
import { taskFormSchema, toTaskInput } from "../../components/new-task/task-form-schema.ts";
import { taskInput } from "../../server/input/task-input.ts";

const shard = (address: string) => ({ address, username: "", password: "" });

const filled: TaskForm = {
  ...emptyForm,
  name: " alpha ",
  text: "alpha: {}",
  pool: "alpha",
  destination: { address: " 10.0.0.1:6379 ", username: "", password: "" },
};

/** What the form says is wrong: field → sentence. */
function errorsOf(form: TaskForm): Record<string, string> {
  const { error } = taskFormSchema.safeParse(form);
  return Object.fromEntries(error?.issues.map(({ path, message }) => [path.join("."), message]) ?? []);
}

describe("the schema of the form", () => {
  it("finds all that is missing at once", () =>
    expect(Object.keys(errorsOf(emptyForm)).sort()).toEqual(["destination.address", "name", "pool", "text"]));
  it("finds nothing in a filled form, and makes the server's input of it", () =>
    expect(taskFormSchema.parse(filled)).toEqual(taskInput.parse(toTaskInput(filled))));
  it("wants a pool once there is a text", () =>
    expect(errorsOf({ ...filled, pool: "" })).toEqual({ pool: "Choose a pool." }));
  it("wants one shard, and forgives rows that are wholly empty", () => {
    expect(errorsOf({ ...filled, kind: "shards" })).toEqual({
      "shards.0.address": "Give the shard's address.",
    });
    expect(errorsOf({ ...filled, kind: "shards", shards: [shard("a:1"), shard("")] })).toEqual({});
  });
  it("says what is wrong in the row in which it stands, whatever rows are empty", () => {
    const shards = [shard(""), shard("a:1"), { ...shard(""), password: "secret" }];
    expect(errorsOf({ ...filled, kind: "shards", shards })).toEqual({
      "shards.2.address": "Give the shard's address.",
    });
  });
  it("finds the same address twice", () => {
    const errors = errorsOf({ ...filled, kind: "shards", shards: [shard("a:1"), shard("a:1 ")] });
    expect(errors["shards.1.address"]).toMatch(/^The same address as a shard above/);
  });
  it.each(["", "x", "-1", "1.5", "1000000"])("finds that %j is no number of a database", (source) =>
    expect(
      errorsOf({
        ...filled,
        databases: "pairs",
        pairs: [
          { source: "0", destination: "0" },
          { source, destination: "1" },
        ],
      }),
    ).toEqual({ "pairs.1.source": "Give a database number, 0 or higher." }),
  );
  it("finds databases that are listed twice, or mapped to one", () => {
    const pairs = [
      { source: "0", destination: "0" },
      { source: "0", destination: "2" },
      { source: "4", destination: "0" },
    ];
    expect(Object.keys(errorsOf({ ...filled, databases: "pairs", pairs }))).toEqual([
      "pairs.1.source",
      "pairs.2.destination",
    ]);
  });
  it("finds a bound that is none, at its field", () => {
    const shrink = { onShrink: "hold", maxKeys: "many", maxPercent: "101" } as const;
    expect(Object.keys(errorsOf({ ...filled, shrink }))).toEqual(["shrink.maxKeys", "shrink.maxPercent"]);
  });
  it("takes a bound with thousands separators", () => {
    const shrink = { onShrink: "hold", maxKeys: "20,000", maxPercent: "2.5" } as const;
    expect(taskFormSchema.parse({ ...filled, shrink }).shrink).toEqual({
      onShrink: "hold",
      maxKeys: 20_000,
      maxShare: 0.025,
    });
  });
});

describe("toTaskInput", () => {
  it("trims, and leaves out what is empty or the default", () =>
    expect(taskFormSchema.parse(filled)).toStrictEqual({
      name: "alpha",
      source: { kind: "nutcracker", text: "alpha: {}", pool: "alpha" },
      destination: { address: "10.0.0.1:6379" },
    }));
  it("hands on what was given beside servers, and choices that are not the default", () =>
    expect(
      toTaskInput({
        ...filled,
        ofPool: { ...filled.ofPool, pool: "alpha", further: { a: "10.0.0.2:6379", b: " " } },
        publish: "skip",
        onDestinationDataLost: "stop",
      }),
    ).toMatchObject({
      source: { further: { a: "10.0.0.2:6379" } },
      publish: "skip",
      onDestinationDataLost: "stop",
    }));
  it("hands on where the running nutcracker gives its statistics, with its nutcracker.yml only", () => {
    const form = { ...filled, stats: " 10.0.0.5:22222 " };
    expect(toTaskInput(form).source).toMatchObject({ kind: "nutcracker", stats: "10.0.0.5:22222" });
    expect(toTaskInput({ ...form, kind: "shards" }).source).not.toHaveProperty("stats");
    expect(toTaskInput({ ...form, stats: " " }).source).not.toHaveProperty("stats");
  });
  it("keeps a password as it was typed, blanks included", () => {
    const input = toTaskInput({
      ...filled,
      destination: { address: "a:1", username: "u ", password: " p " },
    });
    expect(input.destination).toEqual({ address: "a:1", username: "u", password: " p " });
  });
  it("leaves out empty rows of shards", () => {
    const input = toTaskInput({ ...filled, kind: "shards", shards: [shard("a:1"), shard(" ")] });
    expect(input.source).toEqual({ kind: "shards", shards: [{ address: "a:1" }] });
  });
  it("gives chosen databases as numbers", () => {
    const pairs = [{ source: "3", destination: "07" }];
    expect(toTaskInput({ ...filled, databases: "pairs", pairs }).databases).toEqual({
      kind: "pairs",
      pairs: [{ source: 3, destination: 7 }],
    });
  });
});

describe("what belongs to a pool", () => {
  const ofPool = {
    pool: "alpha",
    further: { a: "b:1" },
    mergePolicy: "last-write",
    onFlush: "own-keys",
  } as const;
  it("counts for that pool only", () => {
    expect(choicesOf(ofPool, "alpha")).toBe(ofPool);
    expect(choicesOf(ofPool, "beta")).toEqual({
      pool: "beta",
      further: {},
      mergePolicy: null,
      onFlush: "skip",
    });
    const input = toTaskInput({ ...filled, ofPool, pool: "beta" });
    expect(input).not.toHaveProperty("mergePolicy");
    expect(input.source).not.toHaveProperty("further");
  });
  it("gives the task its name until another one is typed", () => {
    expect(toTaskInput({ ...filled, name: null }).name).toBe("alpha");
    expect(toTaskInput({ ...filled, name: "" }).name).toBe("");
  });
});

describe("pairs", () => {
  it("offer the next database", () =>
    expect(newPair([{ source: "2", destination: "0" }])).toEqual({ source: "3", destination: "3" }));
});

describe("splitCredentials", () => {
  it("takes user and password out of a URL, decoded", () =>
    expect(splitCredentials("redis://app:p%40ss@h:6379/1")).toEqual({
      address: "redis://h:6379/1",
      username: "app",
      password: "p@ss",
    }));
  it("takes a password alone", () =>
    expect(splitCredentials("rediss://:secret@h")).toEqual({
      address: "rediss://h",
      username: "",
      password: "secret",
    }));
  it("takes a password that holds an @ or : itself", () =>
    expect(splitCredentials("redis://u:a@b:c@h:1")).toEqual({
      address: "redis://h:1",
      username: "u",
      password: "a@b:c",
    }));
  it("leaves an address without credentials, or with a broken escape, as it is", () => {
    expect(splitCredentials("h:6379")).toBeNull();
    expect(splitCredentials("redis://h:6379")).toBeNull();
    expect(splitCredentials("redis://u:%zz@h")).toBeNull();
  });
});

describe("databaseOf", () => {
  it.each([
    ["h:1/3", 3],
    ["redis://h/12", 12],
    ["redis://h:1", null],
    ["", null],
    ["redis://h/x", null],
  ])("reads the database of %s as %s", (address, db) => expect(databaseOf(address)).toBe(db));
});

describe("fieldOfReason", () => {
  it("puts a taken name at the name and what concerns no field nowhere", () => {
    const field = (code: string, path: string | null = null) =>
      fieldOfReason({ code, message: "", remedy: "" }, path, { shards: [shard(""), shard("a:1")] });
    expect(field("TASK_NAME_TAKEN")).toBe("name");
    expect(field("INTERNAL")).toBe("root");
    expect(field("INPUT_INVALID", "destination.password")).toBe("destination.password");
    expect(field("INPUT_INVALID", "shards.0.password")).toBe("shards.1.password");
    expect(field("ADDRESS_INVALID", "shards.0.address")).toBe("shards.1.address");
    expect(field("INPUT_INVALID", "stats")).toBe("stats");
    expect(field("INPUT_INVALID", "nowhere")).toBe("root");
  });
});
