/** Alerts on the logs as such: whether those of a service arrive, how many there are, and the certificates on their way. */
import type { RuleGroup } from "../components/contribution";
import type { MonitoredServiceSettings } from "../config/settings";
import { alert, DASHBOARD_UIDS, type Links, matcher, record } from "./rule";
import { httpSeries, LOG_SERIES, rateWindow } from "./series";

/** Scrape job that counts the events in the log index. */
export const LOG_INDEX_JOB = "log-index";

/** Scrape job that looks at the certificates on the way of the logs. */
export const CERTIFICATE_JOB = "certificates";

/** Fewer requests per second than this need not leave a log line, since most lines may be sampled away. */
const REQUESTS_THAT_LOG = 0.2;

/** Volume is unusual from here on: so many times the usual, and so many events in five minutes. */
const VOLUME = { factor: 5, events: 3000 };

const DAY = 86_400;

/** Alerts on the volume of all services' logs and on certificates. */
export function logRuleGroups(links: Links): RuleGroup[] {
  const of = matcher("job", LOG_INDEX_JOB);
  const dashboard = { uid: DASHBOARD_UIDS.logPipeline };
  const expiry = `probe_ssl_earliest_cert_expiry{${matcher("job", CERTIFICATE_JOB)}} - time()`;
  return [
    {
      name: "logs",
      rules: [
        // Up to an hour ago, so that what is unusual now is not part of it.
        record(
          LOG_SERIES.usualEvents,
          `avg by (service) (avg_over_time(log_index_events{${of}}[1d] offset 1h))`,
        ),
        alert(links, {
          alert: "LogVolumeHigh",
          expr:
            `max by (service) (log_index_events{${of}}) > ${VOLUME.factor} * ${LOG_SERIES.usualEvents} and ` +
            `max by (service) (log_index_events{${of}}) > ${VOLUME.events}`,
          for: "15m",
          severity: "warning",
          summary: "{{ $labels.service }} writes far more logs than usual",
          description: `{{ $value | humanize }} events in five minutes, more than ${VOLUME.factor} times the mean of a day: the disks fill faster than planned.`,
          dashboard,
        }),
        alert(links, {
          alert: "CertificateExpiring",
          // They are renewed by a deployment from 30 days before their end on.
          expr: `${expiry} < ${21 * DAY}`,
          for: "1h",
          severity: "warning",
          summary: "The certificate of {{ $labels.instance }} ends soon",
          description: "It ends in {{ $value | humanizeDuration }}; a deployment renews it.",
          dashboard,
        }),
        alert(links, {
          alert: "CertificateAboutToExpire",
          expr: `${expiry} < ${7 * DAY}`,
          for: "1h",
          severity: "critical",
          summary: "The certificate of {{ $labels.instance }} ends within a week",
          description:
            "It ends in {{ $value | humanizeDuration }}; then no log gets through to {{ $labels.instance }}.",
          dashboard,
        }),
      ],
    },
  ];
}

/** The alert on a service that receives requests and of which no log arrives. */
export function serviceLogRuleGroups(service: MonitoredServiceSettings, links: Links): RuleGroup[] {
  const name = matcher("service", service.name);
  const { requestRate } = httpSeries(rateWindow(service));
  return [
    {
      name: `${service.name}.logs`,
      rules: [
        alert(links, {
          alert: "LogsMissing",
          // Only while the index answers: when it does not, nothing is known of any service's logs.
          expr:
            `${requestRate}{${name}} > ${REQUESTS_THAT_LOG} and on () (up{${matcher("job", LOG_INDEX_JOB)}} == 1) ` +
            `unless on (service) (log_index_events{${name}} > 0)`,
          for: "15m",
          severity: "warning",
          labels: { service: service.name },
          summary: `No logs of ${service.name} arrive`,
          description: `${service.name} answers {{ $value | humanize }} requests per second, and its last log in the index is more than five minutes old.`,
          dashboard: { uid: DASHBOARD_UIDS.logPipeline, service: service.name },
        }),
      ],
    },
  ];
}
