import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What GitHub does, as far as anybody asks it to. */
export async function startGitHub() {
  const users = new Map<string, { id: number; login: string; email: string }>()
  const seen: { verifier?: string; challenge?: string } = {}
  const server = createServer((req, res) => {
    const json = (body: unknown, status = 200) => {
      res.writeHead(status, { 'content-type': 'application/json' })
      res.end(JSON.stringify(body))
    }
    const user = users.get(/^Bearer token-(.*)$/.exec(req.headers.authorization ?? '')?.[1] ?? '')
    if (req.url === '/login/oauth/access_token') {
      let text = ''
      req.on('data', chunk => {
        text += String(chunk)
      })
      req.on('end', () => {
        const body = new URLSearchParams(text)
        seen.verifier = body.get('code_verifier') ?? ''
        if (body.get('client_secret') !== 'of github') return json({ error: 'bad' }, 401)
        json({ access_token: `token-${body.get('code')}`, token_type: 'bearer' })
      })
    } else if (user && req.url === '/api/v3/user') json({ id: user.id, login: user.login, name: null })
    else if (user && req.url === '/api/v3/user/emails')
      json([
        { email: 'other@example.org', primary: false, verified: true },
        { email: user.email, primary: true, verified: true },
      ])
    else json({}, 404)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { users, seen, url, close: () => server.close() }
}
