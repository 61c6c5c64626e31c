import type { DataSource } from "../contribution";

/** Name of Grafana's file with the password of the data source's user. */
export const dataSourcePassword = "elasticsearch-password";
/** Name of Grafana's file with the certificate of the authority that signed Elasticsearch's. */
export const dataSourceAuthority = "elasticsearch-ca.crt";

export interface LogDataSourceArgs {
  /** Elasticsearch's address inside the cluster, https. */
  url: string;
  /** Who may read the index. */
  username: string;
  /** Indices of the log lines, such as `bilten-logs-*`. */
  indexPattern: string;
  /** Uid of the data source that has the traces; lines with a `trace_id` link to it. @default no links */
  tracesUid?: string;
}

/** The log lines as a data source of Grafana, which needs the two files named above. */
export function logDataSource(args: LogDataSourceArgs): DataSource {
  return {
    name: "Logs",
    uid: "logs",
    type: "elasticsearch",
    url: args.url,
    access: "proxy",
    basicAuth: true,
    basicAuthUser: args.username,
    jsonData: {
      index: args.indexPattern,
      timeField: "@timestamp",
      logMessageField: "message",
      logLevelField: "level",
      maxConcurrentShardRequests: 5,
      tlsAuthWithCACert: true,
      ...(args.tracesUid !== undefined && {
        dataLinks: [
          {
            field: "trace_id",
            url: "${__value.raw}",
            urlDisplayLabel: "Trace of this line",
            datasourceUid: args.tracesUid,
          },
        ],
      }),
    },
    secretFiles: { basicAuthPassword: dataSourcePassword, tlsCACert: dataSourceAuthority },
  };
}
