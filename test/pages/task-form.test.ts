import { describe, expect, it } from "vitest";
import { fieldOfReason } from "../../components/new-task/server-error-field.ts";
import { databaseOf, splitCredentials } from "../../components/new-task/split-credentials.ts";
import {
  emptyForm,
  findErrors,
  newPair,
  newShard,
  type TaskForm,
  toTaskInput,
} from "../../components/new-task/task-form.ts";

const shard = (key: number, address: string) => ({ key, name: "", address, username: "", password: "" });

const filled: TaskForm = {
  ...emptyForm,
  name: " alpha ",
  text: "alpha: {}",
  pool: "alpha",
  destination: { address: " 10.0.0.1:6379 ", username: "", password: "" },
};

describe("findErrors", () => {
  it("finds all that is missing at once", () =>
    expect(Object.keys(findErrors(emptyForm))).toEqual(["name", "text", "destination.address"]));
  it("finds nothing in a filled form", () => expect(findErrors(filled)).toEqual({}));
  it("wants a pool once there is a text", () =>
    expect(findErrors({ ...filled, pool: "" })).toHaveProperty("pool"));
  it("wants one shard, and forgives rows that are wholly empty", () => {
    expect(findErrors({ ...filled, kind: "shards" })).toEqual({
      "shards.0.address": "Give the shard's address.",
    });
    expect(findErrors({ ...filled, kind: "shards", shards: [shard(1, "a:1"), shard(2, "")] })).toEqual({});
  });
  it("finds the same address twice", () => {
    const errors = findErrors({ ...filled, kind: "shards", shards: [shard(1, "a:1"), shard(2, "a:1 ")] });
    expect(errors["shards.1.address"]).toMatch(/same address as shard 1/);
  });
  it("finds databases that are no numbers, listed twice, or mapped to one", () => {
    const pairs = [
      { key: 1, source: "0", destination: "0" },
      { key: 2, source: "x", destination: "1" },
      { key: 3, source: "0", destination: "2" },
      { key: 4, source: "4", destination: "0" },
    ];
    const errors = findErrors({ ...filled, databases: "pairs", pairs });
    expect(Object.keys(errors)).toEqual(["pairs.1", "pairs.2", "pairs.3"]);
  });
});

describe("toTaskInput", () => {
  it("trims, and leaves out what is empty or the default", () =>
    expect(toTaskInput(filled)).toEqual({
      name: "alpha",
      source: { kind: "nutcracker", text: "alpha: {}", pool: "alpha" },
      destination: { address: "10.0.0.1:6379" },
    }));
  it("hands on what was given beside servers, and choices that are not the default", () =>
    expect(
      toTaskInput({
        ...filled,
        further: { a: "10.0.0.2:6379", b: " " },
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
    const input = toTaskInput({ ...filled, kind: "shards", shards: [shard(1, "a:1"), shard(2, " ")] });
    expect(input.source).toEqual({ kind: "shards", shards: [{ address: "a:1" }] });
  });
  it("gives chosen databases as numbers", () => {
    const pairs = [{ key: 1, source: "3", destination: "07" }];
    expect(toTaskInput({ ...filled, databases: "pairs", pairs }).databases).toEqual({
      kind: "pairs",
      pairs: [{ source: 3, destination: 7 }],
    });
  });
});

describe("rows", () => {
  it("gets a key of its own", () => expect(newShard([shard(4, ""), shard(2, "")]).key).toBe(5));
  it("offers the next database", () =>
    expect(newPair([{ key: 1, source: "2", destination: "0" }])).toEqual({
      key: 2,
      source: "3",
      destination: "3",
    }));
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
      fieldOfReason({ code, message: "", remedy: "" }, path, { shards: [shard(1, ""), shard(2, "a:1")] });
    expect(field("TASK_NAME_TAKEN")).toBe("name");
    expect(field("INTERNAL")).toBeNull();
    expect(field("INPUT_INVALID", "destination.password")).toBe("destination.password");
    expect(field("INPUT_INVALID", "shards.0.password")).toBe("shards.1.password");
    expect(field("ADDRESS_INVALID", "shards.0.address")).toBe("shards.1.address");
    expect(field("INPUT_INVALID", "stats")).toBe("stats");
    expect(field("INPUT_INVALID", "nowhere")).toBeNull();
  });
});
