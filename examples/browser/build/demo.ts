// `npm run demo`: serves the built site and says where. `npm run demo -- --port 8080 --host 0.0.0.0`.

import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SITE, siteServer } from './serve-site.ts';

const USAGE = `npm run demo -- [options]

  --port <number>   default 4173, or the next one that is free
  --host <address>  default 127.0.0.1; 0.0.0.0 for other devices too
  --help`;

function options(): { port: number; host: string; fixed: boolean } {
  try {
    const { values } = parseArgs({
      options: { port: { type: 'string' }, host: { type: 'string' }, help: { type: 'boolean' } },
    });
    if (values.help) return end(USAGE, 0);
    const port = Number(values.port ?? 4173);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      return end(`--port: expected a number from 0 to 65535, got ${values.port}.`, 2);
    }
    return { port, host: values.host ?? '127.0.0.1', fixed: values.port !== undefined };
  } catch (error) {
    return end(`${(error as Error).message}\n\n${USAGE}`, 2);
  }
}

function end(message: string, code: number): never {
  (code === 0 ? console.log : console.error)(message);
  process.exit(code);
}

const { port, host, fixed } = options();
if (!existsSync(join(SITE, 'index.html'))) end('The site is not built yet. Run: npm run demo:build', 1);
const server = siteServer(SITE);

function listen(at: number): void {
  server.listen(at, host, () => {
    const { port: found } = server.address() as AddressInfo; // it listens on a port
    console.log(
      `The demo is at http://${host === '0.0.0.0' || host === '::' ? 'localhost' : host}:${found}/ (Ctrl-C ends it)`,
    );
  });
}

let tried = 0;
server.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EADDRINUSE' && !fixed && tried < 20) listen(port + ++tried);
  else end(`The server cannot listen on ${host}:${port}: ${error.message}. Choose another with --port.`, 1);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    server.closeAllConnections();
    server.close(() => process.exit(0));
  });
}
listen(port);
