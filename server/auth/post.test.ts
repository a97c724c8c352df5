import { afterEach, beforeEach, expect, it } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import type { MailRequest } from '../../shared/model/index.ts'
import type { SqlExecutor } from '../../shared/ports.ts'
import { connect } from '../../shared/store/connection.ts'
import { openTestStore, silent } from '../../tests/open-store.ts'
import { createPost } from './post.ts'

const mail: MailRequest = { kind: 'new-totp', to: 'anna@example.org', language: 'de', values: { link: 'https://a' } }
const cause = { id: 'cause', created_at: 1 }

let open: Awaited<ReturnType<typeof openTestStore>>
beforeEach(async () => {
  open = await openTestStore()
})
afterEach(() => open.close())

/** A post whose queue is a table that is there anyway; and what is in it, with what it was woken by. */
function start() {
  const connection = connect(open.database)
  const rows = async () => {
    const all = await connection.read('internal').selectFrom('user').select('id').orderBy('id').execute()
    return all.map(({ id }) => id).filter(id => id === cause.id || id.startsWith('mail'))
  }
  const woken: string[][] = []
  const waking: Promise<unknown>[] = []
  const mails = {
    async prepare({ to }: MailRequest) {
      if (to === '') throw new AppError('mail-address', { address: to })
      return async (tx: SqlExecutor) => {
        await tx.execute('insert into user (id, created_at) values (?, 1)', ['mail'])
      }
    },
    wake: () => void waking.push(rows().then(found => woken.push(found))),
  }
  return { post: createPost(connection, mails, silent), rows, woken: () => Promise.all(waking).then(() => woken) }
}

it('queues a mail with its cause, and wakes who sends it when both are there', async () => {
  const { post, rows, woken } = start()
  await post.connection.transaction('internal', async tx => {
    await tx.insertInto('user').values(cause).execute()
    await post.send(tx, mail)
  })
  expect(await rows()).toEqual(['cause', 'mail'])
  expect(await woken()).toEqual([['cause', 'mail']])
})

it('queues none for what does not come about', async () => {
  const { post, rows, woken } = start()
  const undone = post.connection.transaction('internal', async tx => {
    await post.send(tx, mail)
    throw new Error('undone')
  })
  await expect(undone).rejects.toThrow('undone')
  expect([await rows(), await woken()]).toEqual([[], []])
})

it('undoes nothing for a mail that cannot be written', async () => {
  const { post, rows, woken } = start()
  await post.connection.transaction('internal', async tx => {
    await tx.insertInto('user').values(cause).execute()
    await post.send(tx, { ...mail, to: '' })
  })
  expect([await rows(), await woken()]).toEqual([['cause'], []])
})
