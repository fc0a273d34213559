import type { Exit, Service } from './processes.ts';

/**
 * One part of a stack that can be taken away and brought back, as tests of faults do. It is either up, down on purpose, or down by
 * itself; only of the last does `onUnexpectedExit` hear.
 */
export class Part {
  readonly name: string;
  /** Where it listens, if it does. */
  readonly url: string | undefined;
  readonly #launch: () => Promise<Service>;
  readonly #crashSignal: NodeJS.Signals;
  readonly #onUnexpectedExit: (exit: Exit, service: Service) => void;
  #service: Service | undefined;

  constructor(options: {
    name: string;
    url?: string;
    launch: () => Promise<Service>;
    /** What ends it without a word; default SIGKILL. */
    crashSignal?: NodeJS.Signals;
    onUnexpectedExit: (exit: Exit, service: Service) => void;
  }) {
    this.name = options.name;
    this.url = options.url;
    this.#launch = options.launch;
    this.#crashSignal = options.crashSignal ?? 'SIGKILL';
    this.#onUnexpectedExit = options.onUnexpectedExit;
  }

  get pid(): number | undefined {
    return this.#service?.pid;
  }

  get isUp(): boolean {
    return this.#service !== undefined;
  }

  /** Starts it, again after `stop` or `crash`, on the same ports. Answers when it is able to work. */
  async start(): Promise<void> {
    const service = await this.#launch();
    this.#service = service;
    void service.exited.then((exit) => {
      if (this.#service === service) this.#onUnexpectedExit(exit, service);
    });
  }

  /** Asks it to end in good order. */
  async stop(withinMs?: number): Promise<void> {
    const service = this.#letGo();
    await service?.stop(withinMs);
  }

  /** Ends it as a crash would. */
  async crash(): Promise<void> {
    const service = this.#letGo();
    service?.kill('SIGCONT');
    service?.kill(this.#crashSignal);
    await service?.exited;
  }

  /** Stops its clock: connections stay open and nobody answers. */
  pause(): void {
    this.#service?.kill('SIGSTOP');
  }

  resume(): void {
    this.#service?.kill('SIGCONT');
  }

  #letGo(): Service | undefined {
    const service = this.#service;
    this.#service = undefined;
    return service;
  }
}
