/**
 * Behind a passkey no code is asked for. So where somebody has a second factor, the passkey must be two by itself: their device must
 * have looked at who holds it (WebAuthn Level 3, 6.1, flag UV). Browsers are told to ask for it; whether it was done is looked at here.
 */
import type { PasskeyOptions } from '@better-auth/passkey'
import type { Kysely } from 'kysely'
import { AppError } from '../../shared/errors.ts'
import type { Schema } from '../../shared/store/schema.ts'
import { refusal } from './visit.ts'

export function demandVerified(db: Kysely<Schema>): Pick<PasskeyOptions, 'registration' | 'authentication'> {
  async function demand(userId: string | undefined): Promise<void> {
    const query = db
      .selectFrom('auth_user')
      .select('two_factor_enabled')
      .where('id', '=', userId ?? '')
    if ((await query.executeTakeFirst())?.two_factor_enabled === 1) throw refusal(new AppError('passkey-unverified'))
  }

  return {
    registration: {
      async afterVerification({ verification, user }) {
        if (verification.registrationInfo?.userVerified !== true) await demand(user.id)
      },
    },
    authentication: {
      async afterVerification({ verification, clientData }) {
        if (verification.authenticationInfo.userVerified) return
        const query = db.selectFrom('auth_passkey').select('user_id').where('credential_id', '=', clientData.id)
        await demand((await query.executeTakeFirst())?.user_id)
      },
    },
  }
}
