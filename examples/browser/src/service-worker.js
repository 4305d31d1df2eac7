// Keeps the page: first what it needs to start, then, when the page says so, the rest. Files of the build have their content in their name, or lie in a
// folder that has, so what is kept never grows old; the page itself is asked for anew each time, and kept for when there is no answer.
// The build fills in the two lists and the version.

const VERSION = '__VERSION__';
const SHELL = ['__SHELL__'];
const REST = ['__REST__'];

addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(VERSION)
      .then((cache) => cache.addAll(SHELL))
      .then(() => self.skipWaiting()),
  );
});

addEventListener('activate', (event) => {
  event.waitUntil(removeOthers().then(() => self.clients.claim()));
});

addEventListener('message', ({ data }) => {
  if (data === 'keep everything') keepAll(REST);
});

addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== location.origin) return;
  event.respondWith(request.mode === 'navigate' ? page(request) : file(request));
});

async function page(request) {
  try {
    return await fetch(request);
  } catch {
    const kept = await (await caches.open(VERSION)).match('./');
    return kept ?? Response.error();
  }
}

async function file(request) {
  const cache = await caches.open(VERSION);
  const kept = await cache.match(request);
  if (kept !== undefined) return kept;
  const response = await fetch(request);
  if (response.ok) cache.put(request, response.clone()).catch(() => {}); // a full disk is no reason to fail
  return response;
}

async function keepAll(files) {
  const cache = await caches.open(VERSION);
  for (const name of files) {
    if ((await cache.match(name)) === undefined) await cache.add(name).catch(() => {});
  }
}

async function removeOthers() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith('clippo-demo-') && name !== VERSION);
  await Promise.all(old.map((name) => caches.delete(name)));
}
