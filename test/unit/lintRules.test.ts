import assert from "node:assert/strict";
import { ESLint, Linter } from "eslint";
import { join } from "node:path";

const project = join(__dirname, "..", "..");
const eslint = new ESLint({ cwd: project });

/** What the rule about imports, as it is configured for that file, says of an import in it. */
async function complaints(file: string, imported: string): Promise<string[]> {
  const { rules } = (await eslint.calculateConfigForFile(join(project, file))) as Linter.Config;
  const rule = rules?.["no-restricted-imports"];
  if (rule === undefined) return [];
  const config: Linter.Config = { rules: { "no-restricted-imports": rule } };
  return new Linter().verify(`import ${JSON.stringify(imported)};`, config).map(({ message }) => message);
}

describe("the lint rules", function () {
  this.timeout(20_000);

  for (const [file, imported] of [
    ["scripts/new.mjs", "../lab/providers/server"],
    ["scripts/bench/new.ts", "../../lab/providers/kubernetes/provider"],
    ["new.mjs", "./lab/providers/server"],
    ["new.ts", "./lab/providers/server"],
    ["index.ts", "./lab/providers/server"],
    ["rendering/new.ts", "../lab/providers/server"],
    ["new/new.ts", "../lab/providers/server"],
  ] as const)
    it(`refuse ${imported} in ${file}: only lab/ and test/ use the stand-ins`, async () => {
      assert.equal((await complaints(file, imported)).length, 1);
    });

  for (const file of ["index.ts", "new.ts", "components/new.ts", "rendering/new.ts"])
    it(`refuse the lab in ${file}: the program does not know it`, async () => {
      const imported = `${"../".repeat(file.split("/").length - 1) || "./"}lab/state`;
      assert.match((await complaints(file, imported))[0] ?? "", /The program does not know the lab/);
    });

  for (const [file, imported] of [
    ["lab/pulumi/new.ts", "../providers/server"],
    ["test/lab-providers/new.test.ts", "../../lab/providers/server"],
    ["scripts/bench/new.ts", "../../lab/state"],
    ["components/new.ts", "./contribution"],
  ] as const)
    it(`allow ${imported} in ${file}`, async () => {
      assert.deepEqual(await complaints(file, imported), []);
    });
});
