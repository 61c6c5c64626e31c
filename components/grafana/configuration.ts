import { stringify } from "yaml";
import type { Dashboard, DataSource } from "../contribution";

/** Where the container finds what the component mounts. */
export const paths = {
  provisioning: "/etc/grafana/provisioning",
  dashboards: "/etc/grafana/dashboards",
  secrets: "/etc/grafana/secrets",
  dataSourceSecrets: "/etc/grafana/data-source-secrets",
  data: "/var/lib/grafana",
} as const;

export const grafanaPort = 3000;

/** Keys of the Secret, and names of its files under `paths.secrets`. */
export const secretFiles = { adminPassword: "admin-password", secretKey: "secret-key" } as const;

export interface GrafanaSettingsArgs {
  externalUrl: string;
  adminUser: string;
}

/** Sections of grafana.ini with their keys. */
export type GrafanaIni = Record<string, Record<string, string | number | boolean>>;

/**
 * Grafana's settings as in grafana.ini: https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/
 * Cookies are sent over TLS alone when the external URL is https.
 */
export function grafanaSettings(args: GrafanaSettingsArgs): GrafanaIni {
  const secure = new URL(args.externalUrl).protocol === "https:";
  return {
    server: { http_port: grafanaPort, root_url: `${args.externalUrl.replace(/\/+$/, "")}/` },
    security: {
      admin_user: args.adminUser,
      disable_gravatar: true,
      cookie_secure: secure,
      // "strict" would log out everybody who follows a link in an alert mail.
      cookie_samesite: "lax",
      strict_transport_security: secure,
      content_security_policy: true,
    },
    users: { allow_sign_up: false, allow_org_create: false },
    "auth.anonymous": { enabled: false },
    analytics: {
      reporting_enabled: false,
      check_for_updates: false,
      check_for_plugin_updates: false,
      feedback_links_enabled: false,
    },
    news: { news_feed_enabled: false },
    snapshots: { external_enabled: false },
    plugins: {
      // Data sources such as Prometheus' are plugins in the image. Grafana 13 tries to replace them with newer ones
      // from the internet at every start; on a read-only file system it stops them and then fails to.
      preinstall_disabled: true,
      preinstall_auto_update: false,
      public_key_retrieval_disabled: true,
      plugin_admin_enabled: false,
    },
    paths: { data: paths.data, provisioning: paths.provisioning },
    database: { wal: true },
    log: { mode: "console" },
    "log.console": { format: "json" },
    metrics: { enabled: true },
  };
}

/**
 * The settings as environment variables, `GF_<SECTION>_<KEY>`, and the secrets as names of files that hold them:
 * `GF_<SECTION>_<KEY>__FILE`.
 */
export function grafanaEnvironment(settings: GrafanaIni): Record<string, string> {
  const variables = Object.entries(settings).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, value]): [string, string] => [variable(section, key), String(value)]),
  );
  return {
    ...Object.fromEntries(variables),
    [`${variable("security", "admin_password")}__FILE`]: `${paths.secrets}/${secretFiles.adminPassword}`,
    [`${variable("security", "secret_key")}__FILE`]: `${paths.secrets}/${secretFiles.secretKey}`,
  };
}

function variable(section: string, key: string): string {
  return `GF_${section}_${key}`.replace(/[.-]/g, "_").toUpperCase();
}

/**
 * The provisioning file of the data sources. A data source that is no longer in it is removed from Grafana.
 * @param secrets names of the files of secrets that there are
 * @throws when two have the same uid or name, more than one is the default, or one names a file that is not there.
 */
export function dataSourceProvisioning(dataSources: DataSource[], secrets: string[] = []): string {
  unique("data sources", "uid", dataSources);
  unique("data sources", "name", dataSources);
  const defaults = dataSources.filter((dataSource) => dataSource.isDefault);
  if (defaults.length > 1) {
    throw new Error(
      `The data sources ${defaults.map(({ name }) => `"${name}"`).join(" and ")} all have isDefault; leave it on one.`,
    );
  }
  return yaml({
    apiVersion: 1,
    prune: true,
    datasources: dataSources.map(({ secretFiles: files = {}, ...dataSource }) => {
      const missing = Object.values(files).filter((file) => !secrets.includes(file));
      if (missing.length > 0) {
        throw new Error(
          `The data source "${dataSource.name}" needs ${missing.map((file) => `"${file}"`).join(", ")}; give ` +
            "dataSourceSecrets a value for each.",
        );
      }
      return {
        ...(literal(dataSource) as DataSource),
        ...(Object.keys(files).length > 0 && {
          secureJsonData: Object.fromEntries(
            Object.entries(files).map(([key, file]) => [key, `$__file{${paths.dataSourceSecrets}/${file}}`]),
          ),
        }),
        orgId: 1,
        editable: false,
      };
    }),
  });
}

/** The value with each `$` in its texts doubled: Grafana replaces variables in provisioning files, and reads `$$` as `$`. */
function literal(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("$", "$$$$");
  if (Array.isArray(value)) return value.map(literal);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, literal(item)]));
}

/** A folder of dashboards: its title in Grafana, and a name made of it for paths and volumes. */
export interface DashboardFolder {
  title: string;
  slug: string;
  dashboards: Dashboard[];
}

/**
 * The dashboards by folder, in the order of the folders' first dashboards.
 * @throws when two dashboards have the same uid, when a uid cannot be part of a Kubernetes name, or when two folders
 * differ only in what a path cannot hold.
 */
export function dashboardFolders(dashboards: Dashboard[]): DashboardFolder[] {
  unique("dashboards", "uid", dashboards);
  const folders = new Map<string, DashboardFolder>();
  for (const dashboard of dashboards) {
    if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(dashboard.uid)) {
      throw new Error(
        `The uid "${dashboard.uid}" of the dashboard "${dashboard.title}" names a ConfigMap and a file; use at most ` +
          "40 lower-case letters, digits and inner hyphens.",
      );
    }
    const slug = slugOf(dashboard.folder);
    const folder = folders.get(slug) ?? { title: dashboard.folder, slug, dashboards: [] };
    if (folder.title !== dashboard.folder) {
      throw new Error(
        `The dashboard folders "${folder.title}" and "${dashboard.folder}" would share a path; rename one of them.`,
      );
    }
    folder.dashboards.push(dashboard);
    folders.set(slug, folder);
  }
  return [...folders.values()];
}

function slugOf(folder: string): string {
  const slug = folder
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40)
    .replace(/-+$/, "");
  if (slug === "") throw new Error(`The dashboard folder "${folder}" needs a letter or a digit in its name.`);
  return slug;
}

/**
 * The provisioning file of the dashboards: one provider per folder. Files are looked at every 30 s. Grafana refuses
 * changes made in its pages, and forgets a dashboard whose file is gone.
 */
export function dashboardProvisioning(folders: Pick<DashboardFolder, "title" | "slug">[]): string {
  return yaml({
    apiVersion: 1,
    providers: folders.map((folder) => ({
      name: folder.slug,
      orgId: 1,
      folder: folder.title,
      folderUid: folder.slug,
      type: "file",
      // Not "keep what is gone": such a dashboard would stay behind, editable and shown beside its successor.
      disableDeletion: false,
      allowUiUpdates: false,
      updateIntervalSeconds: 30,
      options: { path: `${paths.dashboards}/${folder.slug}` },
    })),
  });
}

/** The most that a ConfigMap may hold, bytes: https://kubernetes.io/docs/concepts/configuration/configmap/ */
export const maximumConfigMapSize = 1024 * 1024;

/**
 * The dashboard as a file. Its uid and title are the declared ones; an id is left out, since Grafana gives its own.
 * @throws when it does not fit into a ConfigMap.
 */
export function dashboardFile(dashboard: Dashboard): string {
  const text = JSON.stringify({
    ...dashboard.model,
    id: undefined,
    uid: dashboard.uid,
    title: dashboard.title,
  });
  const size = Buffer.byteLength(text);
  if (size > maximumConfigMapSize) {
    throw new Error(
      `The dashboard "${dashboard.title}" (${dashboard.uid}) has ${size} bytes; a ConfigMap holds at most ` +
        `${maximumConfigMapSize}. Split it into several dashboards.`,
    );
  }
  return text;
}

function unique<Key extends string>(what: string, key: Key, things: Record<Key, string>[]): void {
  const values = things.map((thing) => thing[key]);
  const repeated = [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
  if (repeated.length > 0) {
    throw new Error(
      `Several ${what} have the ${key} ${repeated.map((value) => `"${value}"`).join(", ")}; give each its own.`,
    );
  }
}

function yaml(value: object): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
