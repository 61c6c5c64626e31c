import { testProgram } from "./suite";

describe("With the lab's stand-in for the Kubernetes provider,", () => testProgram("stand-in"));
