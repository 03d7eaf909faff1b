import fc from "fast-check";
import { expect, test } from "vitest";
import { csvKey, csvLine, csvText } from "../../../server/control/verification/csv.ts";
import { printable, printedBytes } from "../../../server/verify/printable.ts";
import { readCsv } from "./read-csv.ts";

test("writes lines that RFC 4180 reads back", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.string({ unit: "binary" }), { minLength: 2, maxLength: 4 }), {
        minLength: 1,
        maxLength: 4,
      }),
      (rows) => {
        expect(readCsv(rows.map(csvLine).join(""))).toEqual(rows);
      },
    ),
  );
});

test.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])(
  "lets no spreadsheet work out %j",
  (text) => {
    expect(csvText(text)).toBe(`'${text}`);
  },
);

test("writes every key so that it begins no formula and can be read back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
      const written = csvKey(printable(bytes, Number.POSITIVE_INFINITY));
      expect(csvText(written)).toBe(written);
      expect(printedBytes(written)).toEqual(Buffer.from(bytes));
    }),
  );
});
