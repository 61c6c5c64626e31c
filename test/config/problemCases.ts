/** A configuration with one problem, and what must be said about it. */
export interface Case {
  what: string;
  raw: Record<string, unknown>;
  encrypted?: string[];
  /** Without the project's prefix. */
  path: string;
  value?: string;
  expected: RegExp;
  example?: string;
}

export const api = { name: "bilten-api", port: 3000 };
export const mail = { name: "team-bilten", email: { to: "team@bilten.com" } };
export const pager = { name: "pager", webhook: { url: "http://pager.ops.svc/alerts" } };
export const critical = { matchers: ['severity="critical"'], receiver: "pager" };

/** Values that are wrong on their own. */
export const valueCases: Case[] = [
  {
    what: "an unknown key, with the nearest known one",
    raw: { prometheusRetension: "15d" },
    path: "prometheusRetension",
    value: "an unknown key",
    expected: /the nearest is prometheusRetention$/,
    example: "prometheusRetention: 15d",
  },
  {
    what: "an unknown key that resembles nothing",
    raw: { xyzzyq: 1 },
    path: "xyzzyq",
    value: "an unknown key",
    expected: /docs\/configuration\.md/,
    example: "pulumi config rm xyzzyq",
  },
  {
    what: "an unknown key inside an object, with the nearest known one",
    raw: { services: [{ ...api, objectives: { availabilty: "99.9%" } }] },
    path: "services[0].objectives.availabilty",
    value: "an unknown key",
    expected: /^availability, the nearest known key, or another of availability, errorRate/,
    example: "availability: 99.9%",
  },
  {
    what: "a scalar of the wrong type",
    raw: { prometheusReplicas: "two" },
    path: "prometheusReplicas",
    value: '"two"',
    expected: /^a whole number, 1 or more$/,
    example: "1",
  },
  {
    what: "a boolean of the wrong type",
    raw: { mailCatcher: "yes" },
    path: "mailCatcher",
    value: '"yes"',
    expected: /true or false/,
  },
  {
    what: "a value of the wrong type inside an object",
    raw: { services: [{ ...api, port: "http" }] },
    path: "services[0].port",
    value: '"http"',
    expected: /^a whole number from 1 to 65535$/,
    example: "3000",
  },
  {
    what: "a list where an object belongs",
    raw: { remoteWrite: [] },
    path: "remoteWrite",
    value: "a list of 0",
    expected: /an object with url/,
  },
  {
    what: "a text where a list belongs",
    raw: { services: "bilten-api" },
    path: "services",
    value: '"bilten-api"',
    expected: /a list of services/,
  },
  {
    what: "a missing part",
    raw: { services: [{ name: "bilten-api" }] },
    path: "services[0].port",
    expected: /whole number/,
  },
  {
    what: "an unknown environment",
    raw: { environment: "test" },
    path: "environment",
    value: '"test"',
    expected: /^dev or prod$/,
  },
  {
    what: "a duration Prometheus does not know",
    raw: { prometheusRetention: "15 days" },
    path: "prometheusRetention",
    value: '"15 days"',
    expected: /^a duration above zero/,
    example: "15d",
  },
  {
    what: "an interval of zero",
    raw: { prometheusScrapeInterval: "0s" },
    path: "prometheusScrapeInterval",
    value: '"0s"',
    expected: /above zero/,
  },
  {
    what: "a size in a unit with two meanings",
    raw: { prometheusVolumeSize: "100GB" },
    path: "prometheusVolumeSize",
    value: '"100GB"',
    expected: /Kubernetes quantity; write 100Gi .* or 100G /,
    example: "20Gi",
  },
  {
    what: "a size inside an object in a unit with two meanings",
    raw: { resources: { grafana: { limits: { memory: "1GB" } } } },
    path: "resources.grafana.limits.memory",
    value: '"1GB"',
    expected: /write 1Gi .* or 1G /,
  },
  {
    what: "a percentage without its sign",
    raw: { services: [{ ...api, objectives: { errorRate: 0.1 } }] },
    path: "services[0].objectives.errorRate",
    value: "0.1",
    expected: /percentage/,
    example: "0.1%",
  },
  {
    what: "a target that leaves no room for errors",
    raw: { services: [{ ...api, objectives: { availability: "100%" } }] },
    path: "services[0].objectives.availability",
    value: '"100%"',
    expected: /below 100%/,
  },
  {
    what: "a namespace Kubernetes refuses",
    raw: { namespace: "Monitoring_1" },
    path: "namespace",
    value: '"Monitoring_1"',
    expected: /Kubernetes namespace name/,
  },
  {
    what: "a service name Kubernetes refuses",
    raw: { services: [{ ...api, name: "1api" }] },
    path: "services[0].name",
    value: '"1api"',
    expected: /beginning with a letter/,
  },
  {
    what: "an address without a scheme",
    raw: { grafanaUrl: "grafana.example.com" },
    path: "grafanaUrl",
    value: '"grafana.example.com"',
    expected: /http:\/\/ or https:\/\/ address/,
  },
  {
    what: "a mail server without a port",
    raw: { smtpHost: "smtp.gmail.com" },
    path: "smtpHost",
    value: '"smtp.gmail.com"',
    expected: /host:port/,
  },
  {
    what: "a sender that is no address",
    raw: { smtpFrom: "alerts" },
    path: "smtpFrom",
    value: '"alerts"',
    expected: /a mail address/,
  },
  {
    what: "a receiver's address that is none",
    raw: { alertReceivers: [{ name: "team-bilten", email: { to: "team" } }] },
    path: "alertReceivers[0].email.to",
    value: '"team"',
    expected: /a mail address/,
  },
  {
    what: "a matcher Alertmanager refuses",
    raw: { alertReceivers: [mail, pager], alertRoutes: [{ ...critical, matchers: ["severity: critical"] }] },
    path: "alertRoutes[0].matchers[0]",
    value: '"severity: critical"',
    expected: /an Alertmanager matcher/,
    example: 'severity="critical"',
  },
  {
    what: "a label that cannot be grouped by",
    raw: { alertGroupBy: ["alert name"] },
    path: "alertGroupBy[0]",
    value: '"alert name"',
    expected: /label name/,
  },
];
