/** The object settings of an environment that sets none: the platform's API, its team, and the grouping it asked for. */
import type { ObjectKey } from "./objects";

/** As somebody would write them in a stack file, so that they pass through the same schemas. */
export const objectDefaults: Partial<Record<ObjectKey, unknown>> = {
  services: [
    {
      name: "bilten-api",
      namespace: "bilten",
      port: 3000,
      metricsPath: "/metrics",
      scrapeInterval: "10s",
      probes: { health: "/health" },
      objectives: {
        availability: "99.9%",
        errorRate: "0.1%",
        meanResponseTime: "200ms",
        p95ResponseTime: "500ms",
      },
    },
  ],
  alertReceivers: [
    {
      name: "team-bilten",
      email: { to: "team@bilten.com", sendResolved: true },
      slack: { channel: "#alerts", sendResolved: true },
    },
  ],
  alertRoutes: [],
  alertGroupBy: ["alertname", "cluster", "service"],
  alertOverrides: {},
  logRedactions: [],
  traceSampling: {
    default: "10%",
    operations: [{ operation: "/api/events", sampling: "50%" }],
  },
  traceBaggage: [{ name: "requestId" }, { name: "userId", hashed: true }],
  resources: {},
};
