import type { TailSamplingSettings } from "../../config/traceSettings";
import { parseDuration } from "../../config/units";

/**
 * The processor that waits for a trace to be complete and then keeps or drops it as a whole: traces with an error and
 * slow ones always, of the rest a share.
 *
 * Memory: it holds the spans of `maxTraces` traces. The oldest trace is decided about early when there are more, and
 * the memory limiter before it refuses spans when those traces are larger than expected.
 */
export function tailSampling({ decisionWait, maxTraces, slowerThan, keep }: TailSamplingSettings): object {
  return {
    decision_wait: decisionWait,
    num_traces: maxTraces,
    expected_new_traces_per_sec: Math.ceil(maxTraces / parseDuration(decisionWait)),
    // Spans that come after the decision follow it. An entry is an id, so many more fit than traces.
    decision_cache: { sampled_cache_size: 10 * maxTraces, non_sampled_cache_size: 10 * maxTraces },
    policies: [
      { name: "errors", type: "status_code", status_code: { status_codes: ["ERROR"] } },
      { name: "slow", type: "latency", latency: { threshold_ms: Math.round(slowerThan * 1000) } },
      ...(keep > 0
        ? [{ name: "rest", type: "probabilistic", probabilistic: { sampling_percentage: keep * 100 } }]
        : []),
    ],
  };
}
