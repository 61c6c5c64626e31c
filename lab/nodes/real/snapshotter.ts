import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** How containers get their files: by overlaying where the file system of a folder allows it, else by copying. */
export function snapshotterFor(directory: string): "overlayfs" | "native" {
  const folder = join(directory, `overlay-attempt-${process.pid}`);
  const [lower, upper, work, merged] = ["lower", "upper", "work", "merged"].map((name) => join(folder, name));
  for (const path of [lower, upper, work, merged]) mkdirSync(path!, { recursive: true });
  try {
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    const mount = ["mount", "-t", "overlay", "-o", options, "overlay", merged!];
    const { status } = spawnSync("unshare", ["--mount", "--propagation", "private", ...mount], {
      timeout: 10_000,
    });
    return status === 0 ? "overlayfs" : "native";
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
