import { logIndexPattern, programUsers, traceIndexPattern, type ProgramUser } from "./names";
import { managed } from "./indices";
import { passwordPlaceholder, type SetupStep } from "./steps";

/** What a role may do, as Elasticsearch's role API has it. */
export interface Role {
  cluster: string[];
  indices: { names: string[]; privileges: string[] }[];
}

/**
 * What each program may do; roles are named after their users. Kibana's comes with Elasticsearch. Privileges:
 * https://www.elastic.co/docs/reference/elasticsearch/security-privileges
 */
export const roles: Record<Exclude<ProgramUser, "kibana_system">, { title: string; role: Role }> = {
  bilten_logstash: {
    title: "Logstash adds log lines, and cannot read, change or delete any",
    role: {
      // Its output asks for the version and the licence.
      cluster: ["monitor"],
      indices: [{ names: [logIndexPattern], privileges: ["auto_configure", "create_doc"] }],
    },
  },
  bilten_exporter: {
    title: "elasticsearch-exporter reads statistics, and no documents",
    role: {
      // No privilege by name holds just the two requests about the snapshot schedule: `read_slm` lacks them.
      cluster: [
        ...["monitor", "monitor_snapshot", "read_ilm"],
        ...["cluster:admin/slm/stats", "cluster:admin/slm/status"],
      ],
      indices: [{ names: ["*"], privileges: ["monitor", "view_index_metadata"] }],
    },
  },
  bilten_json_exporter: {
    title: "json-exporter counts log lines",
    role: { cluster: [], indices: [{ names: [logIndexPattern], privileges: ["read"] }] },
  },
  bilten_grafana: {
    title: "Grafana reads log lines",
    role: {
      cluster: ["monitor"],
      indices: [{ names: [logIndexPattern], privileges: ["read", "view_index_metadata"] }],
    },
  },
  bilten_jaeger: {
    title: "Jaeger keeps traces in indices of its own, with templates of its own",
    role: {
      cluster: ["monitor", "manage_index_templates"],
      indices: [{ names: [traceIndexPattern], privileges: ["all"] }],
    },
  },
};

/** Roles, then the users that have them, with their passwords. */
export function accessSteps(): SetupStep[] {
  const roleSteps = Object.entries(roles).map(([name, { title, role }]): SetupStep => ({
    name: `role ${name}`,
    method: "PUT",
    path: `/_security/role/${name}`,
    body: { ...role, metadata: { ...managed, purpose: title } },
  }));
  return [...roleSteps, ...programUsers.map(userStep)];
}

function userStep(user: ProgramUser): SetupStep {
  const common = { name: `user ${user}`, passwordOf: user };
  if (user === "kibana_system") {
    // It is there from the start, and nothing but its password can be set.
    const path = "/_security/user/kibana_system/_password";
    return { ...common, method: "POST", path, body: { password: passwordPlaceholder } };
  }
  return {
    ...common,
    method: "PUT",
    path: `/_security/user/${user}`,
    body: { password: passwordPlaceholder, roles: [user], full_name: roles[user].title, metadata: managed },
  };
}
