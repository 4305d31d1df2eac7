// An answer → the form in which the official VQA scorer compares it, with every oddity of that scorer, so that figures
// are those of the papers.
// Reference: GT-Vision-Lab/VQA at a013f00 (2021), `vqaEvaluation/vqaEval.py`, as Python 3 runs it.

/** Deleted, or turned into spaces, in this order. Neither apostrophe nor colon is among them. */
const MARKS = [...';/[]"{}()=+\\_-><@`,?!'];

const NUMBERS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const ARTICLES = ['a', 'an', 'the'];

/** Words that are written without, or with one too few, of their apostrophes. What the scorer does not know is absent. */
const CONTRACTIONS = `
  ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd he'd've he's
  how'd how'll how's isn't it'd it'd've it'll ma'am mightn't mightn't've might've mustn't must've needn't not've o'clock
  oughtn't 'ow's'at shan't she'd've should've shouldn't shouldn't've somebody'd've somebody'll somebody's someone'd
  someone'd've someone'll someone's something'd something'd've something'll that's there'd there'd've there're there's
  they'd they'd've they'll they're they've 'twas wasn't we'd've we've weren't what'll what're what's what've when's where'd
  where's where've who'd who'd've who'll who's who've why'll why're why's won't would've wouldn't wouldn't've y'all y'all'll
  y'all'd've you'd you'd've you'll you're you've`;

/** The white space of Python, which is not quite that of JavaScript. */
const SPACE = String.raw`[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+`;
const SPACES = new RegExp(SPACE, 'u');
const OUTER_SPACES = new RegExp(`^${SPACE}|${SPACE}$`, 'gu');

/** How a word is replaced after the articles are gone. */
const SPELLINGS = createSpellings();

function createSpellings(): Map<string, string> {
  // The one entry that goes the other way is a slip of the scorer.
  const spellings = new Map([["somebody'd", 'somebodyd']]);
  for (const word of CONTRACTIONS.trim().split(/\s+/)) {
    for (const { index } of word.matchAll(/'/g)) {
      spellings.set(word.slice(0, index) + word.slice(index + 1), word);
    }
  }
  return spellings;
}

/** What is done to every answer: line ends and tabs become spaces, and the ends are trimmed. */
export function trimVqaAnswer(answer: string): string {
  return answer.replace(/[\n\t]/g, ' ').replace(OUTER_SPACES, '');
}

/**
 * What the scorer does to all answers of a question on which people do not all agree: punctuation, full stops, lower
 * case, number words, articles, contractions.
 *
 * @returns words with single spaces between; `''` where nothing is left
 * @example normalizeVqaAnswer('The T-shirt.') // 't shirt'
 */
export function normalizeVqaAnswer(answer: string): string {
  const words: string[] = [];
  for (const word of withoutMarks(trimVqaAnswer(answer)).toLowerCase().split(SPACES)) {
    const number = word === 'none' ? 0 : NUMBERS.indexOf(word);
    if (number >= 0) words.push(String(number));
    else if (word !== '' && !ARTICLES.includes(word)) words.push(SPELLINGS.get(word) ?? word);
  }
  return words.join(' ');
}

/**
 * A mark goes without a trace if it stands beside a space anywhere in the answer, or if the answer has a comma between
 * digits (in which case all marks do); otherwise it becomes a space.
 */
function withoutMarks(answer: string): string {
  if (/^[a-z0-9' ]*$/i.test(answer)) return answer; // most have neither marks nor full stops
  const hasDigitComma = /\p{Nd},\p{Nd}/u.test(answer);
  let text = answer;
  for (const mark of MARKS) {
    const isDropped = hasDigitComma || answer.includes(`${mark} `) || answer.includes(` ${mark}`);
    text = text.replaceAll(mark, isDropped ? '' : ' ');
  }
  // Of the full stops that no digit follows the first 32: the scorer passes re.UNICODE, which is 32, as their number.
  let count = 0;
  return text.replace(/\.(?!\p{Nd})/gu, (stop) => (count++ < 32 ? '' : stop));
}
