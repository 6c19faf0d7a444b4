import { Histogram, type Registry } from "prom-client";
import { DurationHistogram } from "../../kernel/duration-histogram.ts";

/** Durations by one label, as a histogram in seconds, counted without a look-up for each. */
export interface DurationMetric {
  /** Where durations of one value of the label are counted: made when it is first asked for. */
  of(value: string): DurationHistogram;
}

export interface DurationMetricOptions {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  /** Upper bounds of its buckets, milliseconds. */
  readonly bounds: readonly number[];
}

type Values = Awaited<ReturnType<Histogram["get"]>>;

/** A histogram whose buckets are filled elsewhere, and read when metrics are asked for. */
class CountedElsewhere extends Histogram {
  readonly #facts: { readonly name: string; readonly help: string };
  readonly #read: () => Values["values"];

  constructor(options: ConstructorParameters<typeof Histogram>[0], read: () => Values["values"]) {
    super(options);
    this.#facts = { name: options.name, help: options.help };
    this.#read = read;
  }

  /** In the place of prom-client's own, which its registry reads for text. */
  getForPromString(): Promise<object> {
    return this.get();
  }

  /** As data, to be added to that of other workers: prom-client's own expects labels that were not put together yet. */
  override get(): Promise<Values> {
    const facts = { ...this.#facts, type: "histogram", aggregator: "sum" };
    return Promise.resolve({ ...facts, values: this.#read() } as unknown as Values);
  }
}

export function createDurationMetric(
  registry: Registry,
  { name, help, label, bounds }: DurationMetricOptions,
): DurationMetric {
  const histograms = new Map<string, DurationHistogram>();
  const read = (): Values["values"] =>
    Array.from(histograms, ([value, histogram]) => samplesOf(name, { [label]: value }, histogram)).flat();
  const buckets = bounds.map((milliseconds) => milliseconds / 1000);
  void new CountedElsewhere({ name, help, labelNames: [label], buckets, registers: [registry] }, read);
  return {
    of(value) {
      let histogram = histograms.get(value);
      if (histogram === undefined) {
        histogram = new DurationHistogram(bounds);
        histograms.set(value, histogram);
      }
      return histogram;
    },
  };
}

/** The samples of one histogram, as the Prometheus text format has them: buckets are cumulative, times in seconds. */
function samplesOf(
  name: string,
  labels: Readonly<Record<string, string>>,
  histogram: DurationHistogram,
): Values["values"] {
  const { bounds, counts, sum } = histogram.read();
  let total = 0;
  const buckets = counts.map((count, bucket) => {
    total += count;
    const bound = bounds[bucket];
    const le = bound === undefined ? "+Inf" : bound / 1000;
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: total };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum / 1000 },
    { metricName: `${name}_count`, labels, value: total },
  ];
}
