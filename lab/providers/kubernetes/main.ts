import { runPlugin } from "../plugin";
import { KubernetesStandIn } from "./provider";

runPlugin((version) => new KubernetesStandIn(version));
