export default {
  worker: { format: 'es' }, // the font is a module that the worker imports when it draws the first text
};
