/** How long things are kept at most, whatever users wish. */
import type { Retention } from '../shared/model/index.ts'
import type { NumberOf } from './config.ts'

const most = 36_500

/** 0 is how people write that there is no limit; what was deleted has one. */
export function retentionOf(number: NumberOf): Retention {
  return {
    chats: number('CHAT_DAYS', { otherwise: 0, least: 0, most, whole: true }) || null,
    trash: number('TRASH_DAYS', { otherwise: 30, least: 1, most, whole: true }),
  }
}
