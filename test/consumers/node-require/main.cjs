require('@tensorflow/tfjs-backend-wasm');
const { ClippoModel, renderText, topK } = require('clippo-ts');

async function main() {
  const drawn = await renderText('Sonnenblume');
  const model = await ClippoModel.fromPretrained('emoji');
  const words = ['key', 'sunflower', 'rocket'];
  const [best] = topK((await model.encodeText(['Sonnenblume'])).row(0), await model.encodeText(words), 1);
  console.log(`${drawn.lines[0].text} is ${words[best.index]}`);
}

main();
