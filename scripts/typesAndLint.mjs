// Type-checks and lints the project with one TypeScript program for both: reading and checking the SDK's types is most
// of the work of either. Prints what is wrong; the exit code is 1 when anything is.
import { ESLint } from "eslint";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = join(fileURLToPath(import.meta.url), "..", "..");
const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (problem) => report([problem]) };

function report(diagnostics) {
  const names = {
    getCurrentDirectory: () => root,
    getCanonicalFileName: (name) => name,
    getNewLine: () => "\n",
  };
  process.stdout.write(ts.formatDiagnostics(diagnostics, names));
  process.exitCode = 1;
}

const configuration = ts.getParsedCommandLineOfConfigFile(join(root, "tsconfig.json"), {}, host);
if (configuration) {
  const program = ts.createProgram({
    rootNames: configuration.fileNames,
    options: configuration.options,
    configFileParsingDiagnostics: configuration.errors,
  });
  const diagnostics = ts.sortAndDeduplicateDiagnostics(ts.getPreEmitDiagnostics(program));
  if (diagnostics.length > 0) report(diagnostics);

  const eslint = new ESLint({
    cwd: root,
    overrideConfig: {
      files: ["**/*.ts"],
      languageOptions: { parserOptions: { projectService: false, programs: [program] } },
    },
  });
  const results = await eslint.lintFiles(["."]);
  const formatter = await eslint.loadFormatter("stylish");
  process.stdout.write(await formatter.format(results));
  if (results.some(({ errorCount }) => errorCount > 0)) process.exitCode = 1;
}
