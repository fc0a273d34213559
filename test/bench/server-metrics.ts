export interface ServerMetrics {
  readonly answered: number;
  readonly started: number;
  readonly eager: number;
  readonly unrecorded: number;
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
}

/** What the server counts of itself, from its Prometheus page. */
export async function readServerMetrics(port: number): Promise<ServerMetrics> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const sum = (name: string, label = '') =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
  return {
    answered: sum('trunkline_lookup_answer_seconds_count'),
    started: sum('trunkline_lookup_workflow_starts_total'),
    eager: sum('trunkline_lookup_workflow_starts_total', 'eager="true"'),
    unrecorded: sum('trunkline_lookup_unrecorded_total'),
    cpuSeconds: sum('trunkline_process_cpu_seconds_total'),
    memoryBytes: sum('trunkline_process_resident_memory_bytes'),
  };
}
