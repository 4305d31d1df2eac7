import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threads from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { ClippoModel, renderText, topK } from 'clippo-ts';

setWasmPaths({
  'tfjs-backend-wasm.wasm': plain,
  'tfjs-backend-wasm-simd.wasm': simd,
  'tfjs-backend-wasm-threaded-simd.wasm': threads,
});
const drawn = await renderText('Sonnenblume');
const model = await ClippoModel.fromPretrained('emoji');
const words = ['key', 'sunflower', 'rocket'];
const [best] = topK((await model.encodeText(['Sonnenblume'])).row(0), await model.encodeText(words), 1);
self.postMessage(`${drawn.lines[0].text} is ${words[best.index]}`);
