import type { RequestHandler } from 'express'
import type { Log } from '../../shared/ports.ts'
import type { Accounts } from '../auth/accounts.ts'

/** Where GitHub sends a browser back to: the one path that better-auth answers itself, with a redirect and cookies. */
export function createGitHubCallback(accounts: Accounts, log: Log): RequestHandler {
  return async (req, res) => {
    const query = req.originalUrl.split('?')[1] ?? ''
    const headers = new Headers()
    if (req.headers.cookie) headers.set('cookie', req.headers.cookie)
    if (req.headers['user-agent']) headers.set('user-agent', req.headers['user-agent'])
    const asked = new Request(`${accounts.publicUrl}${accounts.callbackPath}?${query}`, { headers })
    res.setHeader('Cache-Control', 'no-store')
    const page = (error: string) => `${accounts.publicUrl}/?error=${encodeURIComponent(error)}`
    const answer = await accounts.gitHubCallback(asked).catch(error => {
      log.error('nobody could be let in by GitHub', { error })
    })
    if (!answer || answer === 'blocked') return res.redirect(302, page(answer ? 'account_blocked' : 'github'))
    for (const line of answer.headers.getSetCookie()) res.append('Set-Cookie', line)
    const location = URL.parse(answer.headers.get('location') ?? '')
    // Never to another place than our own page: what comes late, or a second time, would end where better-auth has one of its own.
    const own = location?.origin === accounts.publicUrl && location.pathname === '/'
    return res.redirect(302, own ? location.href : page(location?.searchParams.get('error') ?? 'github'))
  }
}
