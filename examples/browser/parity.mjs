// Runs one model on every engine of this browser and shows how far the vectors differ and how fast each is.
// To look at it: npm run build, serve the repository's root, open /examples/browser/parity.html. The command line does
// the same in Node: clippo parity.

import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-webgl';
import '@tensorflow/tfjs-backend-webgpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { ClippoModel, measureParity } from 'clippo-ts';
import { webRuntime } from 'clippo-ts/compile';
import * as ort from 'onnxruntime-web/webgpu';

const packages = new URL('../../node_modules/', import.meta.url).href;
setWasmPaths(`${packages}@tensorflow/tfjs-backend-wasm/dist/`);
ort.env.wasm.wasmPaths = `${packages}onnxruntime-web/dist/`;

const element = (id) => document.getElementById(id);
const status = (text) => {
  element('status').textContent = text;
};

async function run() {
  const runtime = await webRuntime(ort, { executionProviders: ['webgpu', 'wasm'] });
  for (const note of runtime.notes) element('notes').append(listItem(note));
  const query = new URLSearchParams(location.search);
  const address = query.get('model');
  const load = () =>
    address === null
      ? ClippoModel.fromPretrained('emoji')
      : ClippoModel.load(new URL(address, location.href));
  const result = await measureParity(load, {
    runtime,
    repeats: Number(query.get('repeats') ?? 3),
    onProgress: ({ stage, done, total }) => status(`${stage}, ${done} of ${total} engines done …`),
  });
  element('caption').textContent = `${result.count} inputs, compared to ${result.reference}`;
  for (const row of result.rows) element('rows').append(tableRow(row));
  const wrong = result.rows.filter(({ ok }) => ok === false).length;
  status(wrong === 0 ? 'Done: all engines that run agree.' : `Done: ${wrong} engines do not agree.`);
  return result;
}

function listItem(text) {
  const item = document.createElement('li');
  item.textContent = text;
  return item;
}

function tableRow({ engine, ok, detail, maxDifference, tolerance, msPerInput, firstMs }) {
  const row = document.createElement('tr');
  const cell = (tag, text, isNumber = false) => {
    const added = row.appendChild(document.createElement(tag));
    added.textContent = text;
    if (isNumber) added.className = 'number';
    return added;
  };
  cell('th', engine).scope = 'row';
  cell('td', maxDifference?.toExponential(1) ?? '–', true);
  cell('td', msPerInput?.toFixed(1) ?? '–', true);
  cell('td', firstMs?.toFixed(0) ?? '–', true);
  cell('td', { true: `yes, within ${tolerance}`, false: `no, ${tolerance} allowed` }[ok] ?? 'not here');
  cell('td', detail);
  return row;
}

// For tests and the console.
globalThis.parity = run().catch((error) => {
  status(`It does not work: ${error.message}`);
  throw error;
});
