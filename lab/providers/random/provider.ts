import { randomBytes } from "node:crypto";
import { hash } from "bcryptjs";
import { compare } from "../diff";
import {
  refuse,
  type CheckRequest,
  type CreateRequest,
  type DiffRequest,
  type DiffResult,
  type Failure,
  type ReadRequest,
  type StandIn,
  type State,
  type UpdateRequest,
} from "../standIn";
import { containsUnknown, defined, plain, secret, type Json, type Properties } from "../values";
import { passwordProblems, randomText, type PasswordOptions } from "./password";

const types = {
  password: "random:index/randomPassword:RandomPassword",
  string: "random:index/randomString:RandomString",
  id: "random:index/randomId:RandomId",
};

/** Random values that stay as they are until an argument changes. */
export class RandomStandIn implements StandIn {
  readonly name = "random";

  constructor(readonly version: string) {}

  checkConfig(): Failure[] {
    return [];
  }

  async configure(): Promise<void> {}

  async check({ type, news }: CheckRequest): Promise<{ inputs: Properties; failures: Failure[] }> {
    this.known(type);
    // `number` is the former name of `numeric`.
    const { number, ...inputs } = news;
    if (number !== undefined && inputs["numeric"] === undefined) inputs["numeric"] = number;
    if (containsUnknown(inputs)) return { inputs, failures: [] };
    const values = plain(inputs);
    const problems =
      type === types.id
        ? Number(values["byteLength"]) >= 1
          ? []
          : ["byteLength: expected a whole number of at least 1."]
        : passwordProblems(values as unknown as PasswordOptions);
    return { inputs, failures: problems.map((reason) => ({ property: reason.split(":")[0]!, reason })) };
  }

  async diff({ type, oldInputs, news }: DiffRequest): Promise<DiffResult> {
    this.known(type);
    return { changes: compare(oldInputs, news).map((change) => ({ ...change, replace: true })) };
  }

  async create({ type, inputs, preview }: CreateRequest): Promise<{ id: string; outputs: Properties }> {
    this.known(type);
    if (preview) return { id: "", outputs: inputs };
    if (type === types.id) return idState(inputs, randomBytes(Number(plain(inputs["byteLength"]))));
    return textState(type, inputs, randomText(plain(inputs) as unknown as PasswordOptions));
  }

  /** Nothing can drift. In an import, the id is the value. */
  async read({ type, id, olds, oldInputs }: ReadRequest): Promise<State | undefined> {
    this.known(type);
    if (Object.keys(olds).length > 0) return { id, inputs: oldInputs, outputs: olds };
    if (type === types.id) {
      const bytes = Buffer.from(id, "base64url");
      const inputs = { byteLength: bytes.length };
      return { ...idState(inputs, bytes), inputs };
    }
    const inputs = { length: id.length };
    return { ...(await textState(type, inputs, id)), inputs };
  }

  async update({ olds }: UpdateRequest): Promise<Properties> {
    return olds; // Every change replaces.
  }

  async delete(): Promise<void> {}

  private known(type: string): void {
    if (!Object.values(types).includes(type)) refuse(this.name, type);
  }
}

async function textState(type: string, inputs: Properties, result: string) {
  const defaults = {
    special: true,
    upper: true,
    lower: true,
    numeric: true,
    number: inputs["numeric"] ?? true,
    minSpecial: 0,
    minUpper: 0,
    minLower: 0,
    minNumeric: 0,
  };
  if (type === types.string) return { id: result, outputs: { ...defaults, ...inputs, result } as Properties };
  const outputs = {
    ...defaults,
    ...inputs,
    result: secret(result),
    bcryptHash: secret(await hash(result, 10)),
  };
  // The value itself would be readable as an id.
  return { id: "none", outputs: outputs as Properties };
}

function idState(inputs: Properties, bytes: Buffer): { id: string; outputs: Properties } {
  const prefix = String(plain(inputs["prefix"] as Json | undefined) ?? "");
  const id = bytes.toString("base64url");
  const outputs = defined({
    ...inputs,
    b64Url: prefix + id,
    b64Std: prefix + bytes.toString("base64"),
    hex: prefix + bytes.toString("hex"),
    dec: prefix + BigInt(`0x${bytes.toString("hex")}`).toString(),
  });
  return { id, outputs };
}
