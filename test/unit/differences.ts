/** Longest difference that somebody reads on a terminal, lines. */
const mostLines = 80;

/**
 * The lines that went (-) and came (+) between two texts, with some unchanged ones around them.
 * @param context unchanged lines shown before and after each change
 */
export function differences(before: string, after: string, context = 3): string {
  const lines = compare(before.split("\n"), after.split("\n"));
  const shown = new Set<number>();
  for (const [index, line] of lines.entries()) {
    if (unchanged(line)) continue;
    for (let near = index - context; near <= index + context; near++) shown.add(near);
  }
  const result: string[] = [];
  for (const [index, line] of lines.entries()) {
    if (shown.has(index)) result.push(line);
    else if (result.at(-1) !== "  ...") result.push("  ...");
  }
  const rest = result.length - mostLines;
  return (rest > 0 ? [...result.slice(0, mostLines), `(${rest} more lines)`] : result).join("\n");
}

/** Lines are marked by their first two characters. */
function unchanged(line: string): boolean {
  return line.startsWith("  ");
}

/** Looks for the next line that both have, the nearest first; enough for listings, whose entries are sorted. */
function compare(before: string[], after: string[]): string[] {
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (before[i] !== undefined && before[i] === after[j]) {
      lines.push(`  ${before[i]}`);
      i++;
      j++;
      continue;
    }
    const [skipBefore, skipAfter] = resynchronize(before.slice(i, i + 400), after.slice(j, j + 400));
    for (const end = i + skipBefore; i < end; i++) lines.push(`- ${before[i]}`);
    for (const end = j + skipAfter; j < end; j++) lines.push(`+ ${after[j]}`);
  }
  return lines;
}

/** How many lines of each are passed over until the same two lines come; everything when they never do. */
function resynchronize(before: string[], after: string[]): [number, number] {
  for (let distance = 1; distance < before.length + after.length; distance++) {
    for (let skipBefore = 0; skipBefore <= distance; skipBefore++) {
      const skipAfter = distance - skipBefore;
      if (skipBefore > before.length || skipAfter > after.length) continue;
      const same = before[skipBefore] === after[skipAfter] && before[skipBefore + 1] === after[skipAfter + 1];
      if (same && skipBefore < before.length) return [skipBefore, skipAfter];
    }
  }
  return [before.length, after.length];
}
