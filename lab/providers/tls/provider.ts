import { createHash } from "node:crypto";
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
import { containsUnknown, plain, secret, unknown, type Json, type Properties } from "../values";
import * as certificates from "./certificates";
import type { CertificateOptions, Names } from "./certificates";
import { algorithmOf, generateKey, keyForms, keyProblems, parseKey, type KeyOptions } from "./keys";

const types = {
  key: "tls:index/privateKey:PrivateKey",
  selfSigned: "tls:index/selfSignedCert:SelfSignedCert",
  request: "tls:index/certRequest:CertRequest",
  locallySigned: "tls:index/locallySignedCert:LocallySignedCert",
};
const secretInputs = ["privateKeyPem", "caPrivateKeyPem"];

/** Keys and certificates. A certificate is replaced when an argument changes or its renewal is due. */
export class TlsStandIn implements StandIn {
  readonly name = "tls";

  /** @param now for tests */
  constructor(
    readonly version: string,
    private readonly now: () => number = Date.now,
  ) {}

  checkConfig(): Failure[] {
    return [];
  }

  async configure(): Promise<void> {}

  async check({ type, news }: CheckRequest): Promise<{ inputs: Properties; failures: Failure[] }> {
    this.known(type);
    const inputs = { ...news };
    for (const key of secretInputs) {
      const value = inputs[key];
      if (value !== undefined && value !== unknown) inputs[key] = secret(value);
    }
    const problems = containsUnknown(inputs) ? [] : this.problems(type, plain(inputs));
    return { inputs, failures: problems.map((reason) => ({ property: reason.split(":")[0]!, reason })) };
  }

  async diff({ type, olds, oldInputs, news }: DiffRequest): Promise<DiffResult> {
    this.known(type);
    const changes: DiffResult["changes"] = compare(oldInputs, news).map((change) => ({
      ...change,
      // When to renew is no part of the certificate.
      replace: change.path[0] !== "earlyRenewalHours",
    }));
    if (this.isDue(plain(olds), plain(news["earlyRenewalHours"]))) {
      changes.push({ path: ["readyForRenewal"], kind: "update", replace: true, isOutput: true });
    }
    return { changes };
  }

  async create({ type, inputs, preview }: CreateRequest): Promise<{ id: string; outputs: Properties }> {
    this.known(type);
    if (preview) return { id: "", outputs: inputs };
    const made = await this.make(type, plain(inputs));
    return { id: made.id, outputs: { ...inputs, ...made.outputs } };
  }

  async read({ type, id, olds, oldInputs }: ReadRequest): Promise<State | undefined> {
    this.known(type);
    if (Object.keys(olds).length === 0) refuse(this.name, type, "does not implement imports");
    const outputs = { ...olds };
    if ("readyForRenewal" in olds) {
      outputs["readyForRenewal"] = this.isDue(plain(olds), plain(olds["earlyRenewalHours"]));
    }
    return { id, inputs: oldInputs, outputs };
  }

  async update({ olds, news }: UpdateRequest): Promise<Properties> {
    return { ...olds, ...news, readyForRenewal: this.isDue(plain(olds), plain(news["earlyRenewalHours"])) };
  }

  async delete(): Promise<void> {}

  private known(type: string): void {
    if (!Object.values(types).includes(type)) refuse(this.name, type);
  }

  private isDue(olds: Properties, earlyRenewalHours: Json | undefined): boolean {
    const end = olds["validityEndTime"];
    if (typeof end !== "string") return false;
    return this.now() >= Date.parse(end) - Number(earlyRenewalHours ?? 0) * 3_600_000;
  }

  private problems(type: string, inputs: Properties): string[] {
    if (type === types.key) return keyProblems(inputs as unknown as KeyOptions);
    for (const key of Object.keys(inputs)) {
      if (key.includes("PemWo")) return [`${key}: the lab's stand-in for "tls" does not implement it.`];
    }
    if (type === types.request) return [];
    const unusable = certificates.unknownUses((inputs["allowedUses"] ?? []) as string[]);
    return unusable.map((use) => `allowedUses: "${use}" is not a use of a certificate.`);
  }

  private async make(type: string, inputs: Properties): Promise<{ id: string; outputs: Properties }> {
    if (type === types.key) {
      const options = inputs as unknown as KeyOptions;
      const { secrets, outputs } = keyForms(generateKey(options));
      const hidden = Object.entries(secrets).map(([name, value]) => [name, secret(value)] as const);
      const defaults = { rsaBits: options.rsaBits ?? 2048, ecdsaCurve: options.ecdsaCurve ?? "P224" };
      const id = createHash("sha1").update(String(outputs["publicKeyPem"])).digest("hex");
      return { id, outputs: { ...defaults, ...outputs, ...Object.fromEntries(hidden) } };
    }
    const options = inputs as unknown as CertificateOptions & Names;
    if (type === types.locallySigned) {
      const caKey = parseKey(String(inputs["caPrivateKeyPem"]));
      const [request, ca] = [String(inputs["certRequestPem"]), String(inputs["caCertPem"])];
      const certPem = await certificates.locallySigned(request, caKey, ca, options);
      return this.certificate(certPem, certificates.validity(certPem), inputs, {
        caKeyAlgorithm: algorithmOf(caKey),
      });
    }
    const key = parseKey(String(inputs["privateKeyPem"]));
    const keyAlgorithm = algorithmOf(key);
    if (type === types.request) {
      const certRequestPem = await certificates.certificateRequest(key, options);
      return { id: digest(certRequestPem), outputs: { certRequestPem, keyAlgorithm } };
    }
    const certPem = await certificates.selfSigned(key, options, options);
    return this.certificate(certPem, certificates.validity(certPem), inputs, { keyAlgorithm });
  }

  private certificate(
    certPem: string,
    { start, end }: { start: Date; end: Date },
    inputs: Properties,
    more: Properties,
  ): { id: string; outputs: Properties } {
    const outputs: Properties = {
      certPem,
      validityStartTime: start.toISOString(),
      validityEndTime: end.toISOString(),
      earlyRenewalHours: inputs["earlyRenewalHours"] ?? 0,
      readyForRenewal: false,
      ...more,
    };
    return { id: digest(certPem), outputs };
  }
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
