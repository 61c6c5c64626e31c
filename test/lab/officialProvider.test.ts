import { testProgram } from "./suite";

describe("With the official Kubernetes provider,", () => testProgram("official"));
