import assert from "node:assert/strict";
import { parse } from "yaml";
import type { Dashboard, DataSource } from "../../components/contribution";
import {
  dashboardFile,
  dashboardFolders,
  dashboardProvisioning,
  dataSourceProvisioning,
  grafanaEnvironment,
  grafanaSettings,
  maximumConfigMapSize,
} from "../../components/grafana/configuration";

const prometheus: DataSource = {
  name: "Prometheus",
  uid: "prometheus",
  type: "prometheus",
  url: "http://prometheus.monitoring.svc:9090",
  access: "proxy",
  isDefault: true,
};
const alertmanager: DataSource = {
  ...prometheus,
  name: "Alertmanager",
  uid: "alertmanager",
  type: "alertmanager",
  isDefault: false,
  jsonData: { implementation: "prometheus" },
};

function dashboard(uid: string, folder = "Bilten"): Dashboard {
  return {
    uid,
    title: uid.toUpperCase(),
    folder,
    model: { id: 7, uid: "other", title: "other", panels: [] },
  };
}

describe("Grafana's settings", () => {
  const environment = grafanaEnvironment(
    grafanaSettings({ externalUrl: "https://grafana.example", adminUser: "operator" }),
  );

  it("let in nobody without an account, and nobody make one", () => {
    assert.equal(environment.GF_AUTH_ANONYMOUS_ENABLED, "false");
    assert.equal(environment.GF_USERS_ALLOW_SIGN_UP, "false");
  });

  it("name files for the secrets and hold none", () => {
    assert.equal(environment.GF_SECURITY_ADMIN_PASSWORD__FILE, "/etc/grafana/secrets/admin-password");
    assert.equal(environment.GF_SECURITY_SECRET_KEY__FILE, "/etc/grafana/secrets/secret-key");
    assert.equal(
      "GF_SECURITY_ADMIN_PASSWORD" in environment || "GF_SECURITY_SECRET_KEY" in environment,
      false,
    );
  });

  it("ask nothing of the internet", () => {
    for (const key of ["REPORTING_ENABLED", "CHECK_FOR_UPDATES", "CHECK_FOR_PLUGIN_UPDATES"]) {
      assert.equal(environment[`GF_ANALYTICS_${key}`], "false", key);
    }
    assert.equal(environment.GF_SECURITY_DISABLE_GRAVATAR, "true");
    assert.equal(environment.GF_PLUGINS_PREINSTALL_DISABLED, "true");
    assert.equal(environment.GF_NEWS_NEWS_FEED_ENABLED, "false");
  });

  it("ask for TLS on cookies only where the address has it", () => {
    assert.equal(environment.GF_SECURITY_COOKIE_SECURE, "true");
    const local = grafanaSettings({ externalUrl: "http://localhost:3000", adminUser: "admin" });
    assert.equal(grafanaEnvironment(local).GF_SECURITY_COOKIE_SECURE, "false");
  });

  it("end the root URL in one slash", () => {
    assert.equal(environment.GF_SERVER_ROOT_URL, "https://grafana.example/");
  });

  it("have names that a shell accepts", () => {
    for (const name of Object.keys(environment)) assert.match(name, /^GF_[A-Z0-9_]+$/);
  });
});

describe("the provisioning of data sources", () => {
  it("carries uid and type, is read-only, and removes what it no longer names", () => {
    const file = parse(dataSourceProvisioning([prometheus, alertmanager]));
    assert.equal(file.apiVersion, 1);
    assert.equal(file.prune, true);
    assert.deepEqual(
      file.datasources.map((source: DataSource & { editable: boolean }) => [
        source.uid,
        source.type,
        source.editable,
      ]),
      [
        ["prometheus", "prometheus", false],
        ["alertmanager", "alertmanager", false],
      ],
    );
    assert.equal(file.datasources[1].jsonData.implementation, "prometheus");
  });

  it("refuses two of one uid, of one name, and two defaults", () => {
    assert.throws(
      () => dataSourceProvisioning([prometheus, { ...alertmanager, uid: "prometheus" }]),
      /uid "prometheus"/,
    );
    assert.throws(
      () => dataSourceProvisioning([prometheus, { ...alertmanager, name: "Prometheus" }]),
      /name "Prometheus"/,
    );
    assert.throws(
      () => dataSourceProvisioning([prometheus, { ...alertmanager, isDefault: true }]),
      /isDefault/,
    );
  });
});

describe("a data source with a secret", () => {
  const logs: DataSource = {
    name: "Logs",
    uid: "logs",
    type: "elasticsearch",
    url: "https://elasticsearch:9200",
    access: "proxy",
    jsonData: { dataLinks: [{ field: "trace_id", url: "${__value.raw}" }] },
    secretFiles: { basicAuthPassword: "elasticsearch-password" },
  };

  it("names the file that Grafana reads it from, and holds no other reference", () => {
    const text = dataSourceProvisioning([logs], ["elasticsearch-password"]);
    const [source] = parse(text).datasources;
    assert.deepEqual(source.secureJsonData, {
      basicAuthPassword: "$__file{/etc/grafana/data-source-secrets/elasticsearch-password}",
    });
    assert.equal(source.secretFiles, undefined);
  });

  it("reaches Grafana with its own variables, which provisioning would replace", () => {
    const [source] = parse(dataSourceProvisioning([logs], ["elasticsearch-password"])).datasources;
    // Grafana makes one of two.
    assert.equal(source.jsonData.dataLinks[0].url, "$${__value.raw}");
  });

  it("is refused when nobody gives the secret", () => {
    assert.throws(() => dataSourceProvisioning([logs]), /"Logs" needs "elasticsearch-password"/);
  });
});

describe("the provisioning of dashboards", () => {
  it("has a provider per folder, in stable order, that takes no changes from Grafana's pages", () => {
    const folders = dashboardFolders([
      dashboard("a", "Bilten Platform"),
      dashboard("b", "Nodes"),
      dashboard("c", "Nodes"),
    ]);
    const { providers } = parse(dashboardProvisioning(folders));
    assert.deepEqual(
      providers.map((p: { folder: string; options: { path: string } }) => [p.folder, p.options.path]),
      [
        ["Bilten Platform", "/etc/grafana/dashboards/bilten-platform"],
        ["Nodes", "/etc/grafana/dashboards/nodes"],
      ],
    );
    for (const provider of providers) {
      assert.equal(provider.allowUiUpdates, false);
      assert.equal(provider.updateIntervalSeconds, 30);
      assert.equal(provider.folderUid, provider.name);
    }
  });

  it("does not depend on the dashboards' content, so that a change of it restarts nothing", () => {
    const before = dashboardFolders([dashboard("a")]);
    const after = dashboardFolders([{ ...dashboard("a"), title: "New", model: { panels: [1] } }]);
    assert.equal(dashboardProvisioning(before), dashboardProvisioning(after));
  });

  it("refuses two dashboards of one uid", () => {
    assert.throws(
      () => dashboardFolders([dashboard("a"), dashboard("a")]),
      /Several dashboards have the uid "a"/,
    );
  });

  it("refuses a uid that cannot be part of a Kubernetes name", () => {
    for (const uid of ["A", "a_b", "-a", "a-", "", "a".repeat(41)]) {
      assert.throws(() => dashboardFolders([dashboard(uid)]), /lower-case letters, digits/, uid);
    }
  });

  it("refuses folders that would share a path", () => {
    assert.throws(
      () => dashboardFolders([dashboard("a", "Nodes"), dashboard("b", "nodes!")]),
      /would share a path/,
    );
    assert.throws(() => dashboardFolders([dashboard("a", "…")]), /letter or a digit/);
  });
});

describe("a dashboard's file", () => {
  it("has the declared uid and title and no id", () => {
    assert.deepEqual(JSON.parse(dashboardFile(dashboard("a"))), { uid: "a", title: "A", panels: [] });
  });

  it("may fill a ConfigMap but not more, counted in bytes", () => {
    const empty = Buffer.byteLength(dashboardFile({ ...dashboard("a"), model: { text: "" } }));
    const room = maximumConfigMapSize - empty;
    const filled = (text: string) => dashboardFile({ ...dashboard("a"), model: { text } });
    assert.equal(Buffer.byteLength(filled("x".repeat(room))), maximumConfigMapSize);
    assert.throws(
      () => filled("x".repeat(room + 1)),
      /"A" \(a\) has 1048577 bytes; a ConfigMap holds at most 1048576/,
    );
    assert.throws(() => filled("é".repeat(room)), /bytes/);
  });
});
