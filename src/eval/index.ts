// Embeddings → numbers: the evaluations of the paper, and the metrics they rest on.

export { CLIP_BEST_TEMPLATES, CLIP_TEMPLATES, canonicalizePrompt, type Templates } from '../prompts.ts';
export { parseTokenizerJson, type TokenizerJsonOptions } from '../tokens/hugging-face/index.ts';
export { parseSentencePiece, type SentencePieceOptions, type Tokenizer } from '../tokens/index.ts';
export { type AsyncRanksOptions, retrievalRanksAsync } from './async-ranks.ts';
export type { DrawnAttacks } from './attack-items.ts';
export { type AttackPredictions, type AttackRates, attackRates } from './attack-rates.ts';
export { type AttentionMap, attentionMap } from './attention-map.ts';
export { type BootstrapInterval, type BootstrapOptions, bootstrapMean } from './bootstrap.ts';
export { type ClassPrompts, encodeClasses } from './class-prompts.ts';
export {
  type ContrastiveTerms,
  type ContrastiveValidationOptions,
  contrastiveTerms,
  contrastiveValidation,
} from './contrastive-validation.ts';
export type { Fill } from './covering.ts';
export { type AttackedPicture, type DrawAttackOptions, drawAttack } from './draw-attack.ts';
export type { Encoder } from './encoder.ts';
export type { Evaluation, EvaluationOptions, Interval, Skipped } from './evaluation.ts';
export { type ExplainOptions, type Explanation, explain, type LetterValue } from './explain.ts';
export { type FewShotOptions, fewShot } from './few-shot.ts';
export { fewShotIndices } from './few-shot-indices.ts';
export { evaluateGlue, type GlueEvaluation } from './glue-evaluation.ts';
export type { EvaluateGlueOptions } from './glue-options.ts';
export { type GlueColumn, glueAverage, glueScores } from './glue-scores.ts';
export { accuracy, f1, matthews, pearson, spearman } from './metrics.ts';
export { type ModalityGap, modalityGap } from './modality-gap.ts';
export { type ModalityGapOptions, modalityGapOf } from './modality-gap-evaluation.ts';
export { type ModalityGapFigureOptions, modalityGapFigure } from './modality-gap-figure.ts';
export {
  type LanguageRecall,
  type MultilingualRetrievalOptions,
  multilingualRetrieval,
} from './multilingual.ts';
export { type OcclusionMap, type OcclusionOptions, occlusionMap } from './occlusion-map.ts';
export { type OverlayOptions, overlay } from './overlay.ts';
export type { PartStore } from './parts.ts';
export { createPatchCounter, type PatchCounter, type PatchCounterOptions } from './patch-count.ts';
export type { PatchMap } from './patch-map.ts';
export { type RankedClasses, rankClasses } from './rank-classes.ts';
export type { RetrievalRanks } from './rank-tally.ts';
export { retrievalRanks } from './ranks.ts';
export { type RetrievalRecall, recallAtK, recallLostToTies, recallOfRanks } from './recall.ts';
export { type RetrievalOptions, retrieval } from './retrieval.ts';
export { type RidgeFewShot, type RidgeFewShotOptions, ridgeFewShot } from './ridge-few-shot.ts';
export { type RidgeHeadOptions, ridgeHead } from './ridge-head.ts';
export {
  type LanguageEfficiency,
  type MeanLengths,
  type SequenceLengths,
  type Texts,
  type TokenEfficiency,
  type TokenEfficiencyOptions,
  tokenEfficiency,
} from './token-efficiency.ts';
export {
  tokenEfficiencyFigure,
  tokenEfficiencyReport,
  tokenEfficiencyTable,
} from './token-efficiency-figure.ts';
export { type TypographicAttackOptions, typographicAttack } from './typographic.ts';
export { type VqaAccuracy, vqaAccuracy } from './vqa-accuracy.ts';
export { evaluateVqa, type VqaEvaluation, type VqaEvaluationOptions } from './vqa-evaluation.ts';
export { predictVqa, type VqaPredictions, type VqaPredictOptions } from './vqa-predictions.ts';
export type { VqaScores } from './vqa-scores.ts';
export { type ZeroShotOptions, zeroShot } from './zero-shot.ts';
