import { expect, test } from 'vitest'
import { readConfig } from './config.ts'

const read = (environment: Record<string, string>) => readConfig({ environment })
const mailOf = (environment: Record<string, string>) => read(environment).mail

test.each([
  [{}, {}],
  [
    { SMTP_HOST: 'mail.example.org', FROM_EMAIL: 'Cloister <c@example.org>' },
    {
      server: { kind: 'smtp', host: 'mail.example.org', port: 587, secure: 'starttls' },
      from: { name: 'Cloister', address: 'c@example.org' },
    },
  ],
  [
    { SMTP_HOST: 'mail.example.org', SMTP_PORT: '465', SMTP_USER: 'c@example.org', SMTP_PASSWORD: 'p w' },
    {
      server: {
        kind: 'smtp',
        host: 'mail.example.org',
        port: 465,
        secure: 'tls',
        user: 'c@example.org',
        password: 'p w',
      },
      from: { address: 'c@example.org' },
    },
  ],
  [
    { SMTP_URL: 'smtps://c%40example.org:p%2Fw@mail.example.org' },
    {
      server: {
        kind: 'smtp',
        host: 'mail.example.org',
        port: 465,
        secure: 'tls',
        user: 'c@example.org',
        password: 'p/w',
      },
      from: { address: 'c@example.org' },
    },
  ],
  [
    { SMTP_URL: 'smtp://127.0.0.1:2525', FROM_EMAIL: 'c@example.org' },
    { server: { kind: 'smtp', host: '127.0.0.1', port: 2525, secure: 'none' }, from: { address: 'c@example.org' } },
  ],
  [
    { SMTP_URL: 'smtp://mail.example.org:80', SMTP_SECURE: 'none', FROM_EMAIL: 'c@example.org' },
    {
      server: { kind: 'smtp', host: 'mail.example.org', port: 80, secure: 'none' },
      from: { address: 'c@example.org' },
    },
  ],
  [
    { SMTP_HOST: 'mail.example.org', SMTP_SECURE: 'false', FROM_EMAIL: 'c@example.org' },
    {
      server: { kind: 'smtp', host: 'mail.example.org', port: 587, secure: 'starttls' },
      from: { address: 'c@example.org' },
    },
  ],
  [
    { RESEND_API_KEY: 're_1', FROM_EMAIL: 'c@example.org' },
    { server: { kind: 'resend', key: 're_1' }, from: { address: 'c@example.org' } },
  ],
  [{ RESEND_API_KEY: 're_1' }, { server: { kind: 'resend', key: 're_1' } }],
])('%j', (environment, mail) => {
  expect(mailOf(environment as Record<string, string>)).toEqual(mail)
  expect(read(environment as Record<string, string>).ignored).toEqual([])
})

test('what cannot be used is said, without a secret', () => {
  const { mail, ignored } = read({
    SMTP_HOST: 'mail.example.org',
    SMTP_SECURE: 'perhaps',
    RESEND_API_KEY: 're_secret',
    FROM_EMAIL: 'nobody\r\nBcc: x@example.org',
    SMTP_URL: 'mail.example.org:s3cret@x',
  })
  expect(mail.server).toMatchObject({ kind: 'smtp', secure: 'starttls' })
  expect(mail.from).toBeUndefined()
  expect(ignored.map(({ variable }) => variable).sort()).toEqual([
    'FROM_EMAIL',
    'RESEND_API_KEY',
    'SMTP_SECURE',
    'SMTP_URL',
  ])
  expect(JSON.stringify(ignored)).not.toMatch(/re_secret|s3cret/)
})
