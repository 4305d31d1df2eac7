export default {
  mode: 'production',
  entry: './main.js',
  output: { filename: 'main.js', publicPath: 'auto' },
  performance: { hints: false }, // the model is 8 MB, the font 1 MB; both are files of their own
};
