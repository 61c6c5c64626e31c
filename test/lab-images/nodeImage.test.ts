import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { writeArchive } from "../../lab/images/archive";
import { layersOf } from "../../lab/images/ingredients";
import { nodeImage, recipeFor } from "../../lab/images/recipes";
import { parseReference } from "../../lab/images/reference";
import { cannotRun, containedIn, unpack } from "./support";

const obstacle = cannotRun();

describe("the Node.js image", function () {
  this.timeout(60_000);
  let root: string | undefined;
  let folder: string | undefined;

  before(async function () {
    if (obstacle) return;
    folder = mkdtempSync(join(tmpdir(), "bilten-node-image-"));
    const recipe = recipeFor(parseReference(nodeImage).repository)!;
    const target = join(folder, "image.tar");
    const layers = await layersOf(recipe, {});
    await writeArchive({ layers, config: recipe.config, references: [nodeImage], target });
    root = unpack(target);
  });

  after(() => {
    for (const path of [folder, root && dirname(root)])
      if (path) rmSync(path, { recursive: true, force: true });
  });

  const unless = obstacle ? ` (skipped: ${obstacle})` : "";
  const check = (title: string, script: string, expected: unknown) =>
    it(`${title}${unless}`, function () {
      if (!root) return this.skip();
      const [program, args] = containedIn(root, "1000:1000", ["/usr/local/bin/node", "-e", script]);
      const { stdout, stderr, status } = spawnSync(program, args, { encoding: "utf8", timeout: 30_000 });
      assert.equal(status, 0, stderr);
      assert.deepEqual(JSON.parse(stdout), expected);
    });

  check(
    "runs a program as another user",
    "console.log(JSON.stringify([process.version, process.getuid()]))",
    [process.version, 1000],
  );
  check(
    "writes to /tmp and nowhere else",
    `const fs = require("fs");
     const tried = ["/tmp/a", "/a", "/etc/a", "/usr/local/bin/a"].map((path) => {
       try { fs.writeFileSync(path, "a"); return "written"; } catch ({ code }) { return code; }
     });
     console.log(JSON.stringify(tried));`,
    ["written", "EROFS", "EROFS", "EROFS"],
  );
  check(
    "looks up names and serves HTTP",
    `const http = require("http");
     const server = http.createServer((request, response) => response.end("hello"));
     server.listen(0, "127.0.0.1", () => {
       http.get({ port: server.address().port, host: "127.0.0.1" }, (response) => {
         response.on("data", (data) => require("dns").lookup("no.such.host.invalid", ({ code }) => {
           console.log(JSON.stringify([String(data), ["ENOTFOUND", "EAI_AGAIN"].includes(code)]));
           process.exit();
         }));
       });
     });`,
    ["hello", true],
  );
  check(
    "knows its users and the certificates that services trust",
    `const fs = require("fs");
     console.log(JSON.stringify([
       require("os").userInfo().username,
       fs.readFileSync("/etc/ssl/certs/ca-certificates.crt", "utf8").includes("BEGIN CERTIFICATE"),
     ]));`,
    ["node", true],
  );
});
