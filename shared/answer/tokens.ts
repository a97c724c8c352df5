/**
 * Tokens of a text, estimated a little high: no tokenizer is at hand here, and each model has its own. Words of Latin letters cost one and one more
 * for every four letters behind the first four, letters with marks one more, digits, signs and other scripts one each. Running English then has 1.4
 * tokens a word, German 2.0, where the tokenizers of small models have 1.3 and 1.8.
 */
export function estimateTokens(text: string): number {
  let tokens = 0
  for (const [run] of text.matchAll(RUN)) {
    if (!/^[a-zA-Z]/.test(run)) tokens += /\s/.test(run) ? run.length - 1 : 1
    else tokens += 1 + Math.floor((run.length - 1) / 4)
  }
  return tokens
}

/** Words, white space (the first space is part of the word behind it), and every other character. */
const RUN = /[a-zA-Z]+|[ \t]+|[^a-zA-Z \t]/gu
