import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { ClippoModel, renderText, topK } from 'clippo-ts';

const plain = new URL('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm', import.meta.url);
const simd = new URL('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm', import.meta.url);
const threads = new URL(
  '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm',
  import.meta.url,
);
setWasmPaths({
  'tfjs-backend-wasm.wasm': plain.href,
  'tfjs-backend-wasm-simd.wasm': simd.href,
  'tfjs-backend-wasm-threaded-simd.wasm': threads.href,
});
const drawn = await renderText('Sonnenblume');
const model = await ClippoModel.fromPretrained('emoji');
const words = ['key', 'sunflower', 'rocket'];
const [best] = topK((await model.encodeText(['Sonnenblume'])).row(0), await model.encodeText(words), 1);
document.querySelector('output').textContent = `${drawn.lines[0].text} is ${words[best.index]}`;
