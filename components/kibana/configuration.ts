import { stringify } from "yaml";
import { parseQuantity } from "../../config/units";
import type { Quantity } from "../../config/settings";

/** Where the container finds what the component mounts. */
export const paths = {
  settings: "/mnt/settings/kibana.yml",
  secrets: "/mnt/secrets/kibana.yml",
  authority: "/mnt/secrets/ca.crt",
  data: "/usr/share/kibana/data",
  logs: "/usr/share/kibana/logs",
} as const;

export const kibanaPort = 5601;

export interface KibanaSettingsArgs {
  name: string;
  /** Where people reach it; a path in it is the base path. */
  externalUrl: string;
  elasticsearchUrl: string;
}

/** The path below which Kibana serves: that of its address, without the last slash, and empty when there is none. */
export function basePath(externalUrl: string): string {
  return new URL(externalUrl).pathname.replace(/\/+$/, "");
}

/** kibana.yml without what is secret: https://www.elastic.co/docs/reference/kibana/configuration-reference */
export function kibanaSettings(args: KibanaSettingsArgs): Record<string, unknown> {
  const path = basePath(args.externalUrl);
  const secure = new URL(args.externalUrl).protocol === "https:";
  return {
    "server.name": args.name,
    "server.host": "0.0.0.0",
    "server.port": kibanaPort,
    "server.publicBaseUrl": args.externalUrl.replace(/\/+$/, ""),
    // An ingress passes the path on as it is.
    ...(path && { "server.basePath": path, "server.rewriteBasePath": true }),
    // Behind an ingress Kibana cannot see that the browser speaks TLS.
    "xpack.security.secureCookies": secure,
    "elasticsearch.hosts": [args.elasticsearchUrl],
    "elasticsearch.username": "kibana_system",
    "elasticsearch.ssl.certificateAuthorities": [paths.authority],
    "elasticsearch.ssl.verificationMode": "full",
    "path.data": paths.data,
    "telemetry.optIn": false,
    "telemetry.allowChangingOptInStatus": false,
    // The pod reaches nothing but Elasticsearch.
    "newsfeed.enabled": false,
    "map.includeElasticMapsService": false,
    "xpack.fleet.isAirGapped": true,
    "xpack.fleet.agents.enabled": false,
    "logging.appenders.json": { type: "console", layout: { type: "json" } },
    "logging.root.appenders": ["json"],
  };
}

export interface KibanaSecrets {
  /** Of `kibana_system`. */
  password: string;
  /** Of saved secrets such as those of connectors. Without it they are lost. */
  savedObjectsKey: string;
  /** Of sessions. */
  sessionKey: string;
  /** Of queued reports. */
  reportingKey: string;
}

/**
 * The secret part of kibana.yml. Kibana merges the files that it is given; environment variables, its other way,
 * become arguments in the image, which everyone can read.
 */
export function secretSettings(secrets: KibanaSecrets): string {
  return stringify(
    {
      "elasticsearch.password": secrets.password,
      "xpack.encryptedSavedObjects.encryptionKey": secrets.savedObjectsKey,
      "xpack.security.encryptionKey": secrets.sessionKey,
      "xpack.reporting.encryptionKey": secrets.reportingKey,
    },
    { lineWidth: 0 },
  );
}

export function settingsFile(args: KibanaSettingsArgs): string {
  return stringify(kibanaSettings(args), { lineWidth: 0 });
}

/** Options of Node.js: two thirds of the memory for the heap, the rest for buffers and Node.js itself. */
export function nodeOptions(memory: Quantity): string {
  return `--max-old-space-size=${Math.floor((parseQuantity(memory) * 2) / 3 / 2 ** 20)}`;
}
