// Transfers from a server on this machine that cuts, stalls, lies, and changes its mind.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type TransferOptions, transfer } from '../../src/download/index.ts';
import { createPace } from '../../src/download/pace.ts';
import { CheckpointError } from '../../src/errors.ts';
import type { ProgressEvent } from '../../src/progress.ts';
import { type Behaviour, type ServedFile, unreliableServer } from '../support/unreliable-server.ts';

const serve = unreliableServer();
const LENGTH = 300_000;

/** @param seed - another one, another file */
function fileOf(seed: number, length = LENGTH): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) + seed) & 255);
}

/** Element by element would take seconds. */
function expectFile(bytes: Uint8Array, expected = fileOf(1)): void {
  expect(Buffer.compare(bytes, expected)).toBe(0);
}

const SETTINGS: TransferOptions = {
  what: 'checkpoint',
  failure: (message, options) => new CheckpointError(message, options),
  retries: 3,
  stallSeconds: 0.3,
  pause: 1,
};

async function start(file: Partial<ServedFile>, behaviours: Behaviour[] = []) {
  const served: ServedFile = { bytes: fileOf(1), etag: '"one"', behaviours, ...file };
  const { url, requests } = await serve({ '/m.npz': served });
  return { url: `${url}/m.npz`, requests, served };
}

describe('a transfer', () => {
  it('brings the bytes and what tells their version', async () => {
    const { url } = await start({ lastModified: 'Wed, 21 Oct 2015 07:28:00 GMT' });
    const { bytes, ...rest } = await transfer(url, SETTINGS);
    expectFile(bytes, fileOf(1));
    expect(rest).toEqual({
      ...{ pieced: false, etag: '"one"', total: LENGTH },
      lastModified: 'Wed, 21 Oct 2015 07:28:00 GMT',
    });
  });

  it('goes on where it was cut, asking for the same version', async () => {
    const { url, requests } = await start({}, [{ cutAfter: 100_000 }, { cutAfter: 50_000 }]);
    const warnings: string[] = [];
    const events: ProgressEvent[] = [];
    const { bytes, pieced } = await transfer(url, {
      ...SETTINGS,
      onWarning: (message) => warnings.push(message),
      onProgress: (event) => events.push(event),
    });
    expectFile(bytes, fileOf(1));
    expect(pieced).toBe(true);
    expect(requests.map(({ range, ifRange }) => [range, ifRange])).toEqual([
      [undefined, undefined],
      ['bytes=100000-', '"one"'],
      ['bytes=150000-', '"one"'],
    ]);
    expect(warnings[0]).toMatch(/the connection broke after 100000 bytes\. Trying again in [\d.]+ s\.$/);
    const counts = events.map(({ done }) => done);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(events.at(-1)).toMatchObject({ stage: 'download', done: LENGTH, total: LENGTH, unit: 'bytes' });
  });

  it('names the version by its date where there is no tag, or a weak one', async () => {
    const lastModified = 'Wed, 21 Oct 2015 07:28:00 GMT';
    const { url, requests } = await start({ etag: 'W/"one"', lastModified }, [{ cutAfter: 100_000 }]);
    expectFile((await transfer(url, SETTINGS)).bytes);
    expect(requests[1]).toMatchObject({ range: 'bytes=100000-', ifRange: lastModified });
  });

  it('begins again when nothing tells one version from another', async () => {
    const { url, requests } = await start({ etag: undefined }, [{ cutAfter: 100_000 }]);
    const { bytes, pieced } = await transfer(url, SETTINGS);
    expectFile(bytes, fileOf(1));
    expect([pieced, requests[1]?.range]).toEqual([false, undefined]);
  });

  it('begins again when the file has changed in between', async () => {
    const { url, served, requests } = await start({}, [{ cutAfter: 100_000 }]);
    const { bytes } = await transfer(url, {
      ...SETTINGS,
      onWarning: () => Object.assign(served, { bytes: fileOf(2, LENGTH + 7), etag: '"two"' }),
    });
    expectFile(bytes, fileOf(2, LENGTH + 7));
    expect(requests).toHaveLength(2);
  });

  it.each<[string, Behaviour, number]>([
    ['ignores ranges', { ignoreRange: true }, 2],
    ['answers with another range', { shift: 5 }, 3],
    ['does not have the range', { status: 416 }, 3],
    ['answers with a range of another version', { headers: { etag: '"two"' } }, 2],
  ])('begins again when the server %s', async (_, behaviour, count) => {
    const { url, requests } = await start({}, [{ cutAfter: 100_000 }, behaviour]);
    const { bytes } = await transfer(url, SETTINGS);
    expectFile(bytes, fileOf(1));
    expect(requests).toHaveLength(count);
  });

  it('takes a connection without a byte for a dead one', async () => {
    const { url, requests } = await start({}, [{ stallAfter: 100_000 }]);
    const warnings: string[] = [];
    const options = { ...SETTINGS, onWarning: (message: string) => warnings.push(message) };
    expectFile((await transfer(url, options)).bytes);
    expect(requests[1]?.range).toBe('bytes=100000-');
    expect(warnings[0]).toContain('no byte came for 0.3 s. Trying again');
  });

  it.each([500, 502, 503, 429, 408])('tries again after a %d', async (status) => {
    const { url } = await start({}, [{ status }, { status }]);
    expectFile((await transfer(url, SETTINGS)).bytes);
  });

  it('waits as long as the server asks', async () => {
    const { url } = await start({}, [{ status: 503, headers: { 'retry-after': '0.05' } }]);
    const warnings: string[] = [];
    await transfer(url, { ...SETTINGS, onWarning: (message) => warnings.push(message) });
    expect(warnings).toEqual([`${url} answered 503 Service Unavailable. Trying again in 0.050 s.`]);
  });

  it('follows redirects, and says which address it was about', async () => {
    const { url } = await start({}, [{ redirect: '/m.npz' }]);
    expectFile((await transfer(url, SETTINGS)).bytes);
    const elsewhere = await start({}, [{ redirect: '/gone.npz' }]);
    await expect(transfer(elsewhere.url, SETTINGS)).rejects.toThrow(
      `${elsewhere.url} answered 404 Not Found. Expected the checkpoint. Does the address name it?`,
    );
  });

  it('takes what is sent encoded, and begins again when that is cut', async () => {
    const { url, requests } = await start({}, [{ gzip: true, cutAfter: 500 }, { gzip: true }]);
    const { bytes, total } = await transfer(url, SETTINGS);
    expectFile(bytes, fileOf(1));
    expect([total, requests[1]?.range]).toEqual([undefined, undefined]);
  });
});

describe('a transfer ends with an error', () => {
  it.each([401, 403, 404, 410, 206])('at once after a %d', async (status) => {
    const { url, requests } = await start({}, [{ status }]);
    const reading = transfer(url, SETTINGS);
    await expect(reading).rejects.toBeInstanceOf(CheckpointError);
    await expect(reading).rejects.toThrow(`${url} answered ${status}`);
    expect(requests).toHaveLength(1);
  });

  it('when several tries in a row bring nothing new', async () => {
    const cuts = Array.from({ length: 20 }, () => ({ cutAfter: 1000, ignoreRange: true }));
    const { url, requests } = await start({}, cuts);
    await expect(transfer(url, SETTINGS)).rejects.toThrow(
      `${url}: the connection broke after 1000 bytes. Load it again.`,
    );
    expect(requests).toHaveLength(1 + SETTINGS.retries);
  });

  it('but not as long as every try brings something', async () => {
    const cuts = Array.from({ length: 12 }, () => ({ cutAfter: 20_000 }));
    const { url, requests } = await start({}, cuts);
    expectFile((await transfer(url, SETTINGS)).bytes);
    expect(requests).toHaveLength(13);
  });

  it('when the server is down', async () => {
    const { url, requests } = await start({}, Array(9).fill({ status: 503 }));
    await expect(transfer(url, SETTINGS)).rejects.toThrow(`${url} answered 503 Service Unavailable.`);
    expect(requests).toHaveLength(4);
  });

  it('when there is no server', async () => {
    await expect(transfer('http://127.0.0.1:1/m.npz', SETTINGS)).rejects.toThrow(
      'Cannot reach http://127.0.0.1:1/m.npz. Is it spelled right, and is there a network?',
    );
  });

  it('when the length is a lie', async () => {
    const lies = Array(9).fill({ length: 2 * LENGTH, ignoreRange: true });
    const { url } = await start({}, lies);
    await expect(transfer(url, SETTINGS)).rejects.toThrow(/the connection (broke|ended) after 300000/);
  });

  it('when nothing comes', async () => {
    const { url } = await start({ bytes: new Uint8Array(0) });
    await expect(transfer(url, SETTINGS)).rejects.toThrow(`${url} answered with nothing.`);
  });

  it('with the reason of an abort, also while it stalls or waits', async () => {
    const reason = new Error('enough');
    for (const behaviour of [{}, { stallAfter: 1000 }, { status: 500 }]) {
      const { url } = await start({}, [behaviour]);
      const controller = new AbortController();
      const abort = () => controller.abort(reason);
      const running = transfer(url, {
        ...SETTINGS,
        ...{ signal: controller.signal, stallSeconds: 60, pause: 60_000 },
        ...{ onProgress: abort, onWarning: () => setTimeout(abort) },
      });
      await expect(running).rejects.toBe(reason);
    }
    const aborted = { ...SETTINGS, signal: AbortSignal.abort(reason) };
    await expect(transfer('http://127.0.0.1:1/', aborted)).rejects.toBe(reason);
  });
});

describe('whatever happens', () => {
  const behaviour = fc.record(
    {
      cutAfter: fc.nat(20_000),
      ignoreRange: fc.boolean(),
      shift: fc.nat(3),
      gzip: fc.boolean(),
      status: fc.constantFrom(undefined, undefined, 500, 416),
    },
    { requiredKeys: [] },
  );

  it('the bytes are those of one version of the file, or there is an error', async () => {
    const versions = [fileOf(1, 12_000), fileOf(2, 12_000)];
    await fc.assert(
      fc.asyncProperty(
        fc.array(behaviour, { maxLength: 6 }),
        fc.array(fc.boolean()),
        async (all, changes) => {
          const given = all.map(({ status, ...rest }) => ({
            ...rest,
            ...(status !== undefined && { status }),
          }));
          const { url, served } = await start({ bytes: versions[0]!, etag: '"0"' }, given);
          const next = () => {
            const version = changes.shift() ? 1 : 0;
            Object.assign(served, { bytes: versions[version], etag: `"${version}"` });
          };
          const found = await transfer(url, { ...SETTINGS, onWarning: next }).catch(
            (error: unknown) => error,
          );
          if (found instanceof CheckpointError) return;
          const { bytes } = found as { bytes: Uint8Array };
          expect(versions.some((version) => Buffer.compare(version, bytes) === 0)).toBe(true);
        },
      ),
      { numRuns: 40, seed: 7 },
    );
  });
});

describe('the time that is left', () => {
  it('goes by the last seconds, from where this transfer began', () => {
    let time = 0;
    const pace = createPace(() => time);
    const at = (seconds: number, done: number) => {
      time = seconds * 1000;
      return pace.secondsLeft(done, 10_000);
    };
    expect(at(0, 5000)).toBeUndefined(); // half of it was there
    expect(at(0.1, 5010)).toBeUndefined(); // nobody can say yet
    expect(at(1, 5100)).toBe(49);
    for (let second = 2; second <= 30; second++) at(second, 5100 + second);
    expect(at(31, 5131)).toBeGreaterThan(4000); // a unit a second by now
    expect(at(32, 100)).toBeUndefined(); // it began again
    expect(at(34, 300)).toBe(97);
    expect(createPace(() => time).secondsLeft(1, undefined)).toBeUndefined();
  });
});
