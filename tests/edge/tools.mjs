// Runs tools on our schema. Reads {schema, older} from standard input: the SDL, and one that the tools compare it with. Prints
// for each tool a list of what it found: [] if all is well.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "@graphql-codegen/cli";
import eslintPlugin from "@graphql-eslint/eslint-plugin";
import { coverage, diff, validate } from "@graphql-inspector/core";
import { ESLint } from "eslint";
import { Source, buildSchema } from "graphql";
import { createRequire } from "node:module";
import ts from "typescript";
import { asked } from "../clients/asked.mjs";

const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), "taskgate-tools-"));
const told = {};
try {
  cpSync(join(here, "programs"), folder, { recursive: true });
  symlinkSync(join(here, "node_modules"), join(folder, "node_modules"));
  const schemaFile = join(folder, "schema.graphql");
  writeFileSync(schemaFile, asked.schema);
  const schema = buildSchema(asked.schema);
  const document = readFileSync(join(folder, "operations.graphql"), "utf8");

  // GraphQL Code Generator, then tsc.
  const config = { strictScalars: true, scalars: { DateTime: "string", JSON: "unknown" }, enumsAsTypes: true };
  await generate(
    {
      cwd: folder,
      silent: true,
      schema: schemaFile,
      documents: join(folder, "operations.graphql"),
      generates: {
        [join(folder, "schema.ts")]: { plugins: ["typescript"], config },
        [join(folder, "generated.ts")]: { plugins: ["typescript-operations"], config },
      },
    },
    true,
  );
  const options = { strict: true, noEmit: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noImplicitReturns: true,
    skipLibCheck: false, types: [], target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext };
  const compiled = (file) =>
    ts.getPreEmitDiagnostics(ts.createProgram([file], options)).map((each) => ts.flattenDiagnosticMessageText(each.messageText, " "));
  told["@graphql-codegen with tsc --strict"] = compiled(join(folder, "reader.ts"));
  const wrong = readFileSync(join(folder, "reader.ts"), "utf8").replace("node.assignee?.displayName", "node.assignee.displayName");
  writeFileSync(join(folder, "wrong.ts"), wrong);
  told["control: a forgotten null"] = compiled(join(folder, "wrong.ts"));

  // GraphQL Inspector.
  const changes = await diff(buildSchema(asked.older), schema);
  told["@graphql-inspector diff"] = changes.map(({ message }) => message);
  told["@graphql-inspector validate"] = validate(schema, [new Source(document)]).flatMap(({ errors, deprecated }) => [...errors, ...deprecated].map(String));
  const covered = coverage(schema, [new Source(document)]).types;
  told["@graphql-inspector coverage"] = ["Task", "Viewer"].filter((name) => !covered[name]?.hits);
  told["control: a field removed"] = (await diff(schema, buildSchema(asked.schema.replace("\n  hasNextPage: Boolean!\n", "\n  hasFurtherPage: Boolean!\n")))).map(({ message }) => message);

  // graphql-eslint.
  const lint = async (files, rules, extra = {}) => {
    const eslint = new ESLint({
      cwd: folder,
      overrideConfigFile: true,
      overrideConfig: [
        { files: ["**/*.graphql"], languageOptions: { parser: eslintPlugin.parser, parserOptions: { graphQLConfig: { schema: schemaFile, documents: join(folder, "operations.graphql") } } },
          plugins: { "@graphql-eslint": eslintPlugin }, rules: { ...rules, ...extra } },
      ],
    });
    return (await eslint.lintFiles(files)).flatMap(({ messages }) => messages.map(({ ruleId, message, line }) => `${line} ${ruleId}: ${message}`));
  };
  const { configs } = eslintPlugin;
  told["graphql-eslint schema-recommended"] = await lint(["schema.graphql"], configs["flat/schema-recommended"].rules, asked.schemaRules);
  told["graphql-eslint schema-relay"] = await lint(["schema.graphql"], configs["flat/schema-relay"].rules, asked.relayRules);
  told["graphql-eslint operations-recommended"] = await lint(["operations.graphql"], configs["flat/operations-recommended"].rules);
  writeFileSync(join(folder, "operations.graphql"), document.replace("  title\n", "  titel\n"));
  told["control: a wrong name"] = await lint(["operations.graphql"], configs["flat/operations-recommended"].rules);

  // graphql-schema-linter.
  const require = createRequire(import.meta.url);
  const { Configuration } = require("graphql-schema-linter/lib/configuration.js");
  const { loadSchema } = require("graphql-schema-linter/lib/schema.js");
  const { validateSchemaDefinition } = require("graphql-schema-linter/lib/validator.js");
  const linted = async (file, rules) => {
    const loaded = await loadSchema({ schemaPaths: [file] }, null);
    const configuration = new Configuration(loaded, { schemaPaths: [file], rules });
    const found = validateSchemaDefinition(loaded, configuration.getRules(), configuration);
    return found.map(({ ruleName, message }) => `${ruleName}: ${message}`);
  };
  told["graphql-schema-linter"] = await linted(schemaFile, asked.linterRules);
  writeFileSync(join(folder, "undescribed.graphql"), asked.schema.replace(/"""Position of a page in its list."""\n/, ""));
  told["control: a type without a description"] = await linted(join(folder, "undescribed.graphql"), asked.linterRules);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(JSON.stringify(told));
process.exit(0);
