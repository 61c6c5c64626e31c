/** One of each kind of workload. No image of these exists: nothing pulls it. */

const template = (app: string, spec: object) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: "main", image: "example.test/main:1" }], ...spec },
});
const selector = (app: string) => ({ matchLabels: { app } });

export const workloads: object[] = [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 3,
      selector: selector("web"),
      template: template("web", {
        initContainers: [
          { name: "before", image: "example.test/before:1" },
          { name: "beside", image: "example.test/beside:1", restartPolicy: "Always" },
        ],
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: "topology.kubernetes.io/zone",
            whenUnsatisfiable: "DoNotSchedule",
            labelSelector: selector("web"),
          },
        ],
      }),
    },
  },
  {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "store" },
    spec: {
      replicas: 2,
      serviceName: "store",
      selector: selector("store"),
      template: template("store", {}),
      volumeClaimTemplates: [
        {
          metadata: { name: "data" },
          spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
        },
      ],
    },
  },
  {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "agent" },
    spec: { selector: selector("agent"), template: template("agent", { hostNetwork: true }) },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "agent" },
    spec: { selector: { app: "agent" }, ports: [{ port: 9100 }] },
  },
  {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "once" },
    spec: { template: template("once", { restartPolicy: "Never" }) },
  },
];
