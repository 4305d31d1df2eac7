// Asks the browser to keep the page, so that it works without a connection from the second visit on. After the first result, so that
// nothing is slower for it.

/** Browsers without a service worker, or with storage forbidden, go on as they are. */
export async function keepForOffline(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register(new URL('./service-worker.js', document.baseURI), { scope: './' });
    const { active } = await navigator.serviceWorker.ready;
    const { connection } = navigator as { connection?: { saveData?: boolean } };
    if (connection?.saveData !== true) active?.postMessage('keep everything');
  } catch {
    // The page needs nothing of it. While one works on the page there is none.
  }
}
