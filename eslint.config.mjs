import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules/", ".lab/", "rendered/"] },
  ...tseslint.configs.recommended,
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      eqeqeq: "error",
    },
  },
  { files: ["**/*.cjs"], rules: { "@typescript-eslint/no-require-imports": "off" } },
  {
    // The stand-ins are the lab's own business: scripts ask the lab. A later rule of the same name replaces this one.
    files: ["**/*.{js,cjs,mjs,ts,cts,mts}"],
    ignores: ["lab/**", "test/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: ["**/lab/providers/**"], message: "Only lab/ and its tests use the stand-ins." },
          ],
        },
      ],
    },
  },
  {
    // The program must not know what it is deployed to, least of all the lab's stand-ins.
    files: ["*.ts", "config/**", "components/**", "alerts/**", "dashboards/**", "metrics/**", "rendering/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["**/lab/**"], message: "The program does not know the lab." }] },
      ],
    },
  },
  {
    // Mocha's context is `this`, and its hooks may return promises.
    files: ["test/**"],
    rules: { "@typescript-eslint/no-unused-expressions": "off" },
  },
);
