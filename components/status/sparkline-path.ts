/**
 * The `d` of a line through `values`, oldest left. A null breaks the line. The top is the highest value, but
 * never less than one second, so that a lag of milliseconds looks as calm as it is.
 */
export function sparklinePath(values: readonly (number | null)[], width: number, height: number): string {
  const top = Math.max(1, ...values.filter((value) => value !== null));
  const step = width / Math.max(1, values.length - 1);
  let path = "";
  let drawing = false;
  values.forEach((value, index) => {
    if (value === null) {
      drawing = false;
      return;
    }
    const x = (index * step).toFixed(1);
    const y = (height - 1.5 - (value / top) * (height - 3)).toFixed(1);
    path += `${drawing ? "L" : "M"}${x} ${y}`;
    // A single known value between two gaps is a dot: a line of no length with round caps.
    if (!drawing && (values[index + 1] ?? null) === null) path += "h0.1";
    drawing = true;
  });
  return path;
}
