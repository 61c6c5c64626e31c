import assert from "node:assert/strict";
import "reflect-metadata";
import { X509Certificate } from "node:crypto";
import { Certificate, type CertificateArgs, CertificateAuthority } from "../../components/certificates";
import { TlsStandIn } from "../../lab/providers/tls/provider";
import type { Properties } from "../../lab/providers/values";
import { Engine } from "../lab-providers/support";
import { runProgram, secretMarker } from "../support/mocks";

const server: Omit<CertificateArgs, "authority"> = {
  commonName: "server",
  dnsNames: ["server.monitoring.svc"],
  uses: ["server"],
};

function deploy(given: Partial<CertificateArgs> = {}, authority: { validityDays?: number } = {}) {
  return runProgram(() => {
    const ca = new CertificateAuthority("ca", authority);
    return { ...new Certificate("server", { authority: ca, ...server, ...given }) };
  });
}

async function inputsOf(name: string, ...given: Parameters<typeof deploy>): Promise<Properties> {
  const { resources } = await deploy(...given);
  return resources.find((resource) => resource.name === name)?.inputs as Properties;
}

describe("A certificate", () => {
  it("holds 90 days and is renewed 30 days before its end", async () => {
    const { validityPeriodHours, earlyRenewalHours } = await inputsOf("server-certificate");
    assert.deepEqual([validityPeriodHours, earlyRenewalHours], [90 * 24, 30 * 24]);
  });

  it("holds as long as is asked for", async () => {
    const given = { validityDays: 10, earlyRenewalDays: 4 };
    const { validityPeriodHours, earlyRenewalHours } = await inputsOf("server-certificate", given);
    assert.deepEqual([validityPeriodHours, earlyRenewalHours], [240, 96]);
  });

  it("has an authority that holds ten years and is renewed in the last", async () => {
    const { validityPeriodHours, earlyRenewalHours } = await inputsOf("ca-certificate");
    assert.deepEqual([validityPeriodHours, earlyRenewalHours], [3650 * 24, 365 * 24]);
  });

  it("is for nothing but the uses that are named", async () => {
    for (const [uses, expected] of [
      [["server"], ["digital_signature", "server_auth"]],
      [["client"], ["digital_signature", "client_auth"]],
    ] as const) {
      const { allowedUses } = await inputsOf("server-certificate", { uses: [...uses] });
      assert.deepEqual(allowedUses, expected);
    }
  });

  it("gives its key and its authority's to nobody in the clear", async () => {
    const { resources, outputs } = await deploy();
    assert.equal(outputs.keyPem, secretMarker);
    assert.notEqual(outputs.certPem, secretMarker);
    assert.notEqual(outputs.caPem, secretMarker);
    const signed = resources.find(({ name }) => name === "server-certificate")?.inputs;
    assert.equal(signed.caPrivateKeyPem, secretMarker);
  });

  const refusals: [string, Parameters<typeof deploy>, RegExp][] = [
    ["renewed at once", [{ validityDays: 30 }], /"server": earlyRenewalDays is 30 and validityDays is 30/],
    ["renewed after its end", [{ earlyRenewalDays: 0 }], /earlyRenewalDays must be above 0/],
    ["without a use", [{ uses: [] }], /uses is empty/],
    ["of a server without a name", [{ dnsNames: [] }], /dnsNames is empty/],
    ["of an authority renewed at once", [{}, { validityDays: 365 }], /"ca": earlyRenewalDays is 365/],
  ];
  for (const [what, given, message] of refusals) {
    it(`is refused when ${what}`, async () => {
      await assert.rejects(deploy(...given), message);
    });
  }

  it("of a client needs no name", async () => {
    await deploy({ uses: ["client"], dnsNames: [] });
  });
});

describe("A certificate, made by the lab's tls plugin", () => {
  const type = (name: string) => `tls:index/${name}:${name[0]!.toUpperCase()}${name.slice(1)}`;
  let engine: Engine;
  let now = Date.now();
  before(async () => {
    engine = await Engine.start(new TlsStandIn("5.0.0", () => now));
  });
  after(() => engine.close());

  /** Creates what the components register, each with the outputs of those before it. */
  async function make() {
    const of = (name: string) => inputsOf(name);
    const caKey = (await engine.create(type("privateKey"), await of("ca-key"))).outputs;
    const caInputs = { ...(await of("ca-certificate")), privateKeyPem: caKey["privateKeyPem"]! };
    const ca = await engine.create(type("selfSignedCert"), caInputs);
    const key = (await engine.create(type("privateKey"), await of("server-key"))).outputs;
    const request = await engine.create(type("certRequest"), {
      ...(await of("server-request")),
      privateKeyPem: key["privateKeyPem"]!,
    });
    const inputs = {
      ...(await of("server-certificate")),
      certRequestPem: request.outputs["certRequestPem"]!,
      caPrivateKeyPem: caKey["privateKeyPem"]!,
      caCertPem: ca.outputs["certPem"]!,
    };
    const { outputs } = await engine.create(type("locallySignedCert"), inputs);
    return { inputs, outputs, caPem: String(ca.outputs["certPem"]) };
  }

  it("is accepted for its name and no other, and signed by the authority", async () => {
    const { outputs, caPem } = await make();
    const certificate = new X509Certificate(String(outputs["certPem"]));
    const ca = new X509Certificate(caPem);
    assert.ok(certificate.checkIssued(ca) && certificate.verify(ca.publicKey));
    assert.equal(certificate.checkHost("server.monitoring.svc"), "server.monitoring.svc");
    assert.equal(certificate.checkHost("other.monitoring.svc"), undefined);
    assert.equal(certificate.ca, false);
    assert.equal(ca.ca, true);
  });

  it("is replaced by an update in its last 30 days, and by none before", async () => {
    now = Date.now();
    const { inputs, outputs } = await make();
    const day = 24 * 3_600_000;
    now += 59 * day;
    const early = await engine.diff(type("locallySignedCert"), inputs, inputs, outputs);
    assert.equal(early.changes, false);
    now += 2 * day;
    const due = await engine.diff(type("locallySignedCert"), inputs, inputs, outputs);
    assert.deepEqual(due.replaces, ["readyForRenewal"]);
  });
});
