import * as pulumi from "@pulumi/pulumi";
import { MonitoringStack } from "./components/monitoringStack";
import { loadSettings } from "./config/load";

const { settings, secrets, notes } = loadSettings();
for (const note of notes) void pulumi.log.info(note);

const stack = new MonitoringStack("monitoring", { settings, secrets });

/** Address of each part inside the cluster. */
export const urls = stack.urls;
/** Name and password of Grafana's administrator; `pulumi stack output grafanaAdminPassword --show-secrets`. */
export const grafanaAdminUser = settings.grafana.adminUser;
export const grafanaAdminPassword = stack.grafanaAdminPassword;
/** Password of `elastic`, who can log in to Kibana; undefined without logs. */
export const elasticPassword = stack.elasticPassword;
/** How to reach a part from here. */
export const portForward = {
  prometheus: `kubectl --namespace ${settings.namespace} port-forward service/prometheus 9090`,
  alertmanager: `kubectl --namespace ${settings.namespace} port-forward service/alertmanager 9093`,
  grafana: `kubectl --namespace ${settings.namespace} port-forward service/grafana 3000`,
  ...(settings.traces.enabled && {
    jaeger: `kubectl --namespace ${settings.namespace} port-forward service/${settings.traces.storage === "badger" ? "jaeger" : "jaeger-query"} 16686`,
  }),
  ...(settings.logs.enabled && {
    kibana: `kubectl --namespace ${settings.namespace} port-forward service/kibana 5601`,
  }),
};
