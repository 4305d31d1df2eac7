// Text → numbered tokens: tokenizers from files, or trained, and sequences that a model of tokens reads. Hugging Face's
// files have a door of their own, hugging-face/.

export { parseSentencePiece, type SentencePieceOptions } from './sentencepiece.ts';
export { createTokenReader, type TokenReader } from './token-sequence.ts';
export { assertText, type TextTokenizer, type Tokenizer, tokenizerName } from './tokenizer.ts';
export { type TrainTokenizerOptions, trainTokenizer } from './train-tokenizer.ts';
