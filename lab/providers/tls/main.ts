import { runPlugin } from "../plugin";
import { TlsStandIn } from "./provider";

runPlugin((version) => new TlsStandIn(version));
