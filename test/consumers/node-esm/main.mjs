import '@tensorflow/tfjs-backend-wasm';
import { ClippoModel, renderText, topK } from 'clippo-ts';

const drawn = await renderText('Sonnenblume');
const model = await ClippoModel.fromPretrained('emoji');
const words = ['key', 'sunflower', 'rocket'];
const [best] = topK((await model.encodeText(['Sonnenblume'])).row(0), await model.encodeText(words), 1);
console.log(`${drawn.lines[0].text} is ${words[best.index]}`);
