import { visible } from './plain.ts'

/**
 * A text of somebody else's, so that a model reads it as text: no special tokens of any chat template, no tags (ours among them), no
 * marks of citation, no characters that cannot be seen. Words and numbers stay as they are, lines too.
 */
export function neutral(text: string): string {
  return (
    visible(text)
      // <|im_start|>, <start_of_turn>, </s>, <<SYS>>, <｜User｜>, <think>, <tool_call>, <sources>
      .replaceAll(/<(?=<{0,2}[\p{L}/!?|｜▁_][^<>\n]{0,80}>)/gu, '‹')
      .replaceAll(/(?<=‹[^<>\n]{0,84})>+/gu, closing => '›'.repeat(closing.length))
      .replaceAll(/<(?=[|｜])/g, '‹')
      .replaceAll(/(?<=[|｜])>/g, '›')
      // [INST], [/INST], [TOOL_CALLS], [gMASK]
      .replaceAll(/\[(\/?[A-Za-z_]*[A-Z_]{3,})\]/g, '($1)')
      // [1], [Quelle 1, 2], 【1】
      .replaceAll(/[[【]([^[\]【】\n]{0,12}\d{1,3}(?:\s*[^[\]【】\n\d]{1,8}\d{1,3})*\s*)[\]】]/g, '($1)')
      .replaceAll(/^[ \t]*#{1,6}[ \t]+/gm, '')
      // "### Human:", "User:", "Assistant:", the turns of models that have no tokens for them
      .replaceAll(TURN, '$1 –')
      .replaceAll(/^[ \t]*[=_*~-]{4,}[ \t]*$/gm, '')
      .replaceAll(/\n{2,}/g, '\n')
  )
}

const TURN =
  /^([ \t*_>-]*(?:human|user|assistant|system|instruction|response|ai|bot|gpt|nutzer|benutzer|assistent))[*_ \t]*:/gim
