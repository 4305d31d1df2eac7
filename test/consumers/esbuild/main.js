import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm';
import threads from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm';
import { ClippoModel, renderText, topK } from 'clippo-ts';
import emoji from 'clippo-ts/models/emoji.safetensors';

// esbuild gives names that are meant from where this file lies.
setWasmPaths({
  'tfjs-backend-wasm.wasm': new URL(plain, import.meta.url).href,
  'tfjs-backend-wasm-simd.wasm': new URL(simd, import.meta.url).href,
  'tfjs-backend-wasm-threaded-simd.wasm': new URL(threads, import.meta.url).href,
});
const drawn = await renderText('Sonnenblume');
const model = await ClippoModel.load(new URL(emoji, import.meta.url));
const words = ['key', 'sunflower', 'rocket'];
const [best] = topK((await model.encodeText(['Sonnenblume'])).row(0), await model.encodeText(words), 1);
document.querySelector('output').textContent = `${drawn.lines[0].text} is ${words[best.index]}`;
