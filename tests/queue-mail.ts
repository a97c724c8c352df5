import { createPost } from '../server/auth/post.ts'
import type { Core } from '../shared/core.ts'
import type { MailRequest } from '../shared/model/index.ts'
import type { Database } from '../shared/ports.ts'
import { connect } from '../shared/store/connection.ts'
import { silent } from './open-store.ts'

/** As accounts do, in a transaction with nothing else in it. */
export async function queueMail(
  { core, database }: { core: Pick<Core, 'mails'>; database: Database },
  request: MailRequest,
  options?: { nobody?: boolean },
): Promise<void> {
  const post = createPost(connect(database), core.mails, silent)
  await post.connection.transaction('internal', tx => post.send(tx, request, options))
}
