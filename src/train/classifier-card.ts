// What a classifier knows of itself, and what its owner says of it → a model card, the page that travels with the file.

import type { Classifier } from './classifier.ts';
import { someOf } from './example-targets.ts';
import { checkModelCard, describeModel, fence, type ModelCardText, section } from './model-card.ts';

/** @returns Markdown. @throws ConfigError for a text that is none */
export function classifierCard(classifier: Classifier, text: ModelCardText): string {
  checkModelCard(text);
  const before = text.before?.trim().replace(/^(#+) /gm, '$1# '); // its headings, one level down
  return `${[
    `# ${text.title ?? 'A classifier of sentences and pictures'}`,
    ...(text.purpose === undefined ? [] : [text.purpose.trim()]),
    ...section('Answers', describeAnswers(classifier)),
    ...section('Model', `${describeModel(classifier.model.config)}\n\n${describeHead(classifier)}`),
    ...section('Data', text.data),
    ...section('Training', describeTraining(classifier)),
    ...section('Limits', text.limits),
    ...section('Licence', text.licence),
    ...section('Began with', before),
  ].join('\n\n')}\n`;
}

function describeAnswers({ targets }: Classifier): string {
  if (targets.kind === 'regression') {
    return targets.range === undefined ? 'A number.' : `A number from ${targets.range.join(' to ')}.`;
  }
  const what = targets.kind === 'classes' ? 'One of' : 'Any of';
  return `${what} ${targets.labels.length} labels: ${someOf(targets.labels)}.`;
}

function describeHead({ settings: { hidden, on } }: Classifier): string {
  const layers =
    hidden.length === 0 ? 'A linear head' : `A head with hidden layers of ${hidden.join(', ')} units`;
  return `${layers} on ${on === 'embedding' ? 'the embedding' : 'what the pooling head gives (`pre_logits`)'}.`;
}

/** undefined before it has learned anything */
function describeTraining({ training }: Classifier): string | undefined {
  if (training === undefined) return undefined;
  return fence(JSON.stringify(training, null, 1));
}
