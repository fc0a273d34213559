/** The stand-in as a process of its own: `node src/local/salesforce/main.ts --port 3001 --data .local`. */
import { parseArgs } from 'node:util';
import { startStandIn } from './server.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '3001' },
    host: { type: 'string', default: '127.0.0.1' },
    'public-host': { type: 'string' },
    'callback-url': { type: 'string', multiple: true },
    data: { type: 'string' },
    records: { type: 'string' },
    'api-version': { type: 'string', default: '67.0' },
  },
});

/** A whole number of an option, or an end with a sentence. */
function wholeNumber(name: string, text: string, most: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > most) {
    console.error(`--${name} must be a whole number from 0 to ${most}, not "${text}".`);
    process.exit(1);
  }
  return number;
}

try {
  const standIn = await startStandIn({
    port: wholeNumber('port', values.port, 65_535),
    host: values.host,
    publicHost: values['public-host'],
    callbackUrls: values['callback-url'],
    dataDir: values.data,
    records: values.records === undefined ? undefined : wholeNumber('records', values.records, 10_000_000),
    apiVersion: values['api-version'],
  });
  console.log(`The Salesforce stand-in is ready on ${standIn.url}`);

  let isClosing = false;
  const stop = (): void => {
    if (isClosing) return;
    isClosing = true;
    void standIn.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(`The Salesforce stand-in could not save its state: ${String(error)}`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
} catch (error) {
  const { code } = error as NodeJS.ErrnoException;
  console.error(
    code === 'EADDRINUSE'
      ? `Port ${values.port} is taken. Choose another for the Salesforce stand-in with --port.`
      : `The Salesforce stand-in could not start: ${error instanceof Error ? error.message : String(error)}`,
  );
  process.exit(1);
}
