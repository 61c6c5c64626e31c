import { runPlugin } from "../plugin";
import { RandomStandIn } from "./provider";

runPlugin((version) => new RandomStandIn(version));
