// Text → numbered tokens: tokenizers from files, or trained, and sequences that a model of tokens reads.

export { parseSentencePiece, type SentencePieceOptions } from './sentencepiece.ts';
export { createTokenReader, type TokenReader } from './token-sequence.ts';
export { assertText, type TextTokenizer, type Tokenizer, tokenizerName } from './tokenizer.ts';
export { parseTokenizer } from './tokenizer-file.ts';
export { parseTokenizerJson, type TokenizerJsonOptions } from './tokenizer-json.ts';
export { type TrainTokenizerOptions, trainTokenizer } from './train-tokenizer.ts';
