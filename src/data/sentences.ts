// A text → its sentences, by few rules that are the same in every engine (Intl.Segmenter's depend on its version).
// The splitter behind the paper's C4 pairs was not published; this one is ours:
// 1. A line break ends a sentence; C4 keeps whole lines.
// 2. So does . ! ? … with the quotes and brackets that close behind it, when white space follows and then something
//    other than a small letter.
// 3. So does 。！？ or its like in scripts that write no space, whatever follows.
// 4. A full stop does not after an abbreviation that is followed by names (Dr. St. e.g.), after a single capital letter
//    (J. R. R.) other than I, nor after a number that begins its sentence (1. First).

const ABBREVIATIONS = new Set(
  [
    'mr mrs ms mx dr prof rev fr hon gen col maj capt lt sgt sen rep gov pres',
    'st mt ft no nos vol fig figs eq sec ch pp vs cf ca approx al e.g i.e viz resp',
    'jan feb mar apr jun jul aug sept sep oct nov dec',
  ]
    .join(' ')
    .split(' '),
);

/**
 * A mark that may end a sentence, what closes behind it, and the space after it; or a full-width mark. A run of marks
 * is tried from its beginning only, or a page of full stops would take quadratic time.
 */
const END = /(?<![.!?…])[.!?…]+["'”’»)\]]*(?=\s)|[。！？｡]+[”’」』）)]*|[।॥؟۔።](?=\s)/gu;

/**
 * @returns sentences in order, trimmed, none of them empty
 * @example splitSentences('Dr. Smith came. "Who?" he asked. Nobody.'); // ['Dr. Smith came.', '"Who?" he asked.', 'Nobody.']
 */
export function splitSentences(text: string): string[] {
  return text.split(/[\r\n\u2028\u2029]+/).flatMap(splitLine);
}

function splitLine(line: string): string[] {
  const sentences: string[] = [];
  let start = 0;
  for (const match of line.matchAll(END)) {
    const end = match.index + match[0].length;
    if (!isEnd(line, start, match.index, end)) continue;
    sentences.push(line.slice(start, end));
    start = end;
  }
  sentences.push(line.slice(start));
  return sentences.map((sentence) => sentence.trim()).filter((sentence) => sentence !== '');
}

/** The longest word looked at. */
const REACH = 40;

function isEnd(line: string, start: number, mark: number, end: number): boolean {
  if (/^[。！？｡]/u.test(line[mark]!)) return true;
  if (/^\s+\p{Ll}/u.test(line.slice(end, end + REACH))) return false;
  if (line[mark] !== '.' || line[mark + 1] === '.') return true;
  const before = line.slice(Math.max(start, mark - REACH), mark);
  const [word = ''] = /[^\s("'“‘«[]*$/u.exec(before) ?? [];
  if (ABBREVIATIONS.has(word.toLowerCase())) return false;
  if (/^\p{Lu}$/u.test(word) && word !== 'I') return false;
  return !(/^\d+$/.test(word) && before.trim() === word);
}
