/**
 * A code of an app is taken once (RFC 6238, 5.2): better-auth takes it as often as it is given within its minute and a half. So
 * whoever looks on while it is typed has nothing of it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { BetterAuthPlugin } from 'better-auth'
import { APIError, createAuthMiddleware, getSessionFromCtx } from 'better-auth/api'
import { symmetricDecrypt } from 'better-auth/crypto'
import type { Kysely } from 'kysely'
import type { Schema } from '../../shared/store/schema.ts'

/** Milliseconds, as `totp` has them by default; codes of the one before and the one after count as well. */
const period = 30_000

/** Before better-auth looks at a code: uses it up, if it is one of now. Of two with the same code at once, one gets past. */
export function codesOnce(db: Kysely<Schema>): NonNullable<BetterAuthPlugin['hooks']>['before'] {
  const handler = createAuthMiddleware(async ctx => {
    const { internalAdapter, secret, secretConfig, createAuthCookie } = ctx.context
    const session = await getSessionFromCtx(ctx)
    const challenge = session ? null : await ctx.getSignedCookie(createAuthCookie('two_factor').name, secret)
    const userId =
      session?.user.id ?? (challenge ? await internalAdapter.findVerificationValue(challenge) : null)?.value
    if (userId === undefined) return
    const outcome = await takeCode(db, secretConfig, userId, String(ctx.body?.code ?? ''))
    if (outcome === 'used') throw new APIError('UNAUTHORIZED', { code: 'INVALID_CODE' })
  })
  return [{ matcher: ({ path }) => path === '/two-factor/verify-totp', handler }]
}

/** `key`: what better-auth seals secrets with. */
export async function takeCode(
  db: Pick<Kysely<Schema>, 'selectFrom' | 'updateTable'>,
  key: Parameters<typeof symmetricDecrypt>[0]['key'],
  userId: string,
  code: string,
): Promise<'taken' | 'used' | 'wrong'> {
  const row = await db.selectFrom('auth_two_factor').select('secret').where('user_id', '=', userId).executeTakeFirst()
  const step = row && stepOf(code, await symmetricDecrypt({ key, data: row.secret }))
  if (step === undefined) return 'wrong'
  const { numUpdatedRows } = await db
    .updateTable('auth_two_factor')
    .set({ used_step: step })
    .where('user_id', '=', userId)
    .where(on => on.or([on('used_step', 'is', null), on('used_step', '<', step)]))
    .executeTakeFirst()
  return numUpdatedRows > 0n ? 'taken' : 'used'
}

/** Which period's code it is; undefined for none of now. */
function stepOf(code: string, secret: string): number | undefined {
  const now = Math.floor(Date.now() / period)
  return [now, now - 1, now + 1].find(step => {
    const expected = Buffer.from(codeAt(secret, step))
    const given = Buffer.from(code)
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}

/** RFC 6238 with RFC 4226, 5.3: SHA-1, six figures. */
function codeAt(secret: string, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const digest = createHmac('sha1', secret).update(counter).digest()
  const at = digest.readUInt8(digest.length - 1) & 15
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}
