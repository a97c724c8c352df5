/** The mails that the product sends by itself. `host` is where it runs, as people type it. */
export const mail = {
  greeting: 'Hello,',
  link: 'If the button does not work, copy this address into your browser:',
  once_hours_one: 'The link works once, within the next hour.',
  once_hours_other: 'The link works once, within the next {{count}} hours.',
  once_minutes_one: 'The link works once, within the next minute.',
  once_minutes_other: 'The link works once, within the next {{count}} minutes.',
  once_days_one: 'The link works once, within the next day.',
  once_days_other: 'The link works once, within the next {{count}} days.',
  ended: 'Ended with it: {{list}}.',
  left: 'What still holds: {{list}}. Remove in your account what is not yours.',
  ways: {
    passwords_one: 'the password from before',
    passwords_other: 'the passwords from before',
    sessions_one: '1 session',
    sessions_other: '{{count}} sessions',
    keys_one: '1 API key',
    keys_other: '{{count}} API keys',
    passkeys_one: '1 passkey',
    passkeys_other: '{{count}} passkeys',
    gitHub_one: 'GitHub',
    gitHub_other: 'GitHub',
    secondFactors_one: 'codes of an app',
    secondFactors_other: 'codes of an app',
  },
  footer: 'This mail was sent by {{product}} at {{host}}. Nobody reads answers to it.',
  verify: {
    subject: 'Confirm your address for {{product}}',
    intro:
      'Somebody, most likely you, has registered at {{host}} with this address. Please confirm that it is yours; after that you can log in.',
    action: 'Confirm address',
    unasked: 'If it was not you, you need not do anything: without this confirmation nobody can use the account.',
  },
  reset: {
    subject: 'Choose a new password for {{product}}',
    intro: 'Somebody, most likely you, has asked for a new password for your account at {{host}}.',
    action: 'Choose a new password',
    unasked: 'If it was not you, you need not do anything: your password stays as it is.',
  },
  'magic-link': {
    subject: 'Your link to log in to {{product}}',
    intro:
      'With this link you log in at {{host}}, without a password. Do not pass it on: whoever has it can log in as you.',
    action: 'Log in',
    unasked: 'If you did not ask for it, you need not do anything: without this link nobody gets in.',
  },
  invitation: {
    subject: 'You are invited to {{product}}',
    intro:
      '{{inviter}} invites you to {{product}} at {{host}}. There, questions are answered from your own documents, with the place of each answer.',
    action: 'Accept the invitation',
    unasked: 'If you do not know who that is, you need not do anything: without you there will be no account.',
  },
  'project-invitation': {
    subject: '{{inviter}} asks you into a project',
    intro:
      '{{inviter}} would like you to take part in a project of theirs in {{product}} at {{host}}. Log in there with this address within a week to accept. If you have no account yet, ask whoever runs it for an invitation, or register, where that is possible: the invitation into the project waits for you.',
    action: 'To the login',
    unasked: 'If you do not know who that is, you need not do anything: nobody is told whether you have an account.',
  },
  'known-address': {
    subject: 'You have an account for {{product}} already',
    intro:
      'Somebody, most likely you, has tried to register at {{host}} with this address. There is an account with it already: just log in. If you have forgotten your password, you can choose a new one there.',
    action: 'To the login',
    unasked:
      'If it was not you, you need not do anything: nothing was changed, and nobody else was told of your account.',
  },
  'password-changed': {
    subject: 'Your password for {{product}} was changed',
    intro: 'The password of your account at {{host}} was changed just now.',
    action: 'To my account',
    unasked:
      'If it was not you, choose a new password at once, log out all sessions, and tell those who look after the installation.',
  },
  'address-proven': {
    subject: 'Your address for {{product}} is confirmed',
    intro:
      'You have confirmed that this address is yours, at {{host}}. Somebody else could have registered it before: so nothing that was set up until then opens the account any more.',
    action: 'To my account',
    unasked: 'If it was not you, tell those who look after the installation: somebody reads your mail.',
  },
  'new-key': {
    subject: 'An API key for {{product}} was made',
    intro:
      'Your account at {{host}} has a new API key, called “{{name}}”. Whatever program has it acts as you, as far as the key goes.',
    action: 'To my account',
    unasked:
      'If it was not you, remove it at once, choose a new password, and tell those who look after the installation.',
  },
  'new-github': {
    subject: 'GitHub was connected to your account for {{product}}',
    intro: 'Your account at {{host}} is connected to a GitHub account now. Whoever has that one can log in as you.',
    action: 'To my account',
    unasked:
      'If it was not you, disconnect it at once, choose a new password, and tell those who look after the installation.',
  },
  'new-passkey': {
    subject: 'A passkey for {{product}} was added',
    intro: 'Your account at {{host}} has a new passkey, called “{{name}}”. Whoever has it can log in as you.',
    action: 'To my account',
    unasked:
      'If it was not you, remove it at once, choose a new password, and tell those who look after the installation.',
  },
  'ended-totp': {
    subject: 'Codes are not needed any more to log in to {{product}}',
    intro: 'For your account at {{host}}, the second factor was turned off: the password is enough to log in.',
    action: 'To my account',
    unasked: 'If it was not you, choose a new password at once, and tell those who look after the installation.',
  },
  'new-totp': {
    subject: 'Codes are needed to log in to {{product}}',
    intro: 'For your account at {{host}}, a second factor was turned on: logging in takes a code of your app, too.',
    action: 'To my account',
    unasked: 'If it was not you, choose a new password at once, and tell those who look after the installation.',
  },
}
