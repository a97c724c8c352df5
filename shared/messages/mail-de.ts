/** Die E-Mails, die das Programm von sich aus schickt. `host` ist, wo es läuft, so wie man es eintippt. */
export const mail = {
  greeting: 'Guten Tag,',
  link: 'Falls die Schaltfläche nicht funktioniert, kopieren Sie diese Adresse in Ihren Browser:',
  once_hours_one: 'Der Link gilt einmal, innerhalb der nächsten Stunde.',
  once_hours_other: 'Der Link gilt einmal, innerhalb der nächsten {{count}} Stunden.',
  once_minutes_one: 'Der Link gilt einmal, innerhalb der nächsten Minute.',
  once_minutes_other: 'Der Link gilt einmal, innerhalb der nächsten {{count}} Minuten.',
  once_days_one: 'Der Link gilt einmal, innerhalb des nächsten Tages.',
  once_days_other: 'Der Link gilt einmal, innerhalb der nächsten {{count}} Tage.',
  ended: 'Damit beendet: {{list}}.',
  left: 'Weiterhin gilt: {{list}}. Entfernen Sie in Ihrem Konto, was nicht von Ihnen ist.',
  ways: {
    passwords_one: 'das bisherige Passwort',
    passwords_other: 'die bisherigen Passwörter',
    sessions_one: '1 Sitzung',
    sessions_other: '{{count}} Sitzungen',
    keys_one: '1 API-Schlüssel',
    keys_other: '{{count}} API-Schlüssel',
    passkeys_one: '1 Passkey',
    passkeys_other: '{{count}} Passkeys',
    gitHub_one: 'GitHub',
    gitHub_other: 'GitHub',
    secondFactors_one: 'Codes einer App',
    secondFactors_other: 'Codes einer App',
  },
  footer: 'Diese E-Mail wurde von {{product}} auf {{host}} verschickt. Antworten darauf liest niemand.',
  verify: {
    subject: 'Bestätigen Sie Ihre Adresse für {{product}}',
    intro:
      'jemand, wahrscheinlich Sie selbst, hat sich auf {{host}} mit dieser Adresse registriert. Bitte bestätigen Sie, dass sie Ihnen gehört; danach können Sie sich anmelden.',
    action: 'Adresse bestätigen',
    unasked:
      'Falls Sie das nicht waren, brauchen Sie nichts zu tun: Ohne diese Bestätigung kann niemand das Konto benutzen.',
  },
  reset: {
    subject: 'Wählen Sie ein neues Passwort für {{product}}',
    intro: 'jemand, wahrscheinlich Sie selbst, möchte für Ihr Konto auf {{host}} ein neues Passwort wählen.',
    action: 'Neues Passwort wählen',
    unasked: 'Falls Sie das nicht waren, brauchen Sie nichts zu tun: Ihr Passwort bleibt, wie es ist.',
  },
  'magic-link': {
    subject: 'Ihr Link zum Anmelden bei {{product}}',
    intro:
      'mit diesem Link melden Sie sich auf {{host}} ohne Passwort an. Geben Sie ihn nicht weiter: Wer ihn hat, kann sich als Sie anmelden.',
    action: 'Anmelden',
    unasked:
      'Falls Sie ihn nicht angefordert haben, brauchen Sie nichts zu tun: Ohne diesen Link kommt niemand hinein.',
  },
  invitation: {
    subject: 'Sie sind zu {{product}} eingeladen',
    intro:
      '{{inviter}} lädt Sie zu {{product}} auf {{host}} ein. Dort werden Fragen aus Ihren eigenen Dokumenten beantwortet, mit der Stelle zu jeder Antwort.',
    action: 'Einladung annehmen',
    unasked: 'Falls Ihnen das nichts sagt, brauchen Sie nichts zu tun: Ohne Sie entsteht kein Konto.',
  },
  'project-invitation': {
    subject: '{{inviter}} lädt Sie in ein Projekt ein',
    intro:
      '{{inviter}} möchte Sie an einem Projekt in {{product}} auf {{host}} beteiligen. Melden Sie sich dort binnen einer Woche mit dieser Adresse an, um die Einladung anzunehmen. Wenn Sie noch kein Konto haben, bitten Sie die Betreuung um eine Einladung oder registrieren Sie sich, wo das möglich ist: Die Einladung in das Projekt wartet auf Sie.',
    action: 'Zur Anmeldung',
    unasked: 'Falls Ihnen das nichts sagt, brauchen Sie nichts zu tun: Niemand erfährt, ob Sie ein Konto haben.',
  },
  'known-address': {
    subject: 'Sie haben schon ein Konto bei {{product}}',
    intro:
      'jemand, wahrscheinlich Sie selbst, wollte sich auf {{host}} mit dieser Adresse registrieren. Es gibt damit schon ein Konto: Melden Sie sich einfach an. Falls Sie Ihr Passwort vergessen haben, können Sie dort ein neues wählen.',
    action: 'Zur Anmeldung',
    unasked:
      'Falls Sie das nicht waren, brauchen Sie nichts zu tun: Es wurde nichts geändert, und niemand sonst hat von Ihrem Konto erfahren.',
  },
  'password-changed': {
    subject: 'Ihr Passwort für {{product}} wurde geändert',
    intro: 'das Passwort Ihres Kontos auf {{host}} wurde soeben geändert.',
    action: 'Zu meinem Konto',
    unasked:
      'Falls Sie das nicht waren, wählen Sie sofort ein neues Passwort, beenden Sie alle Sitzungen, und wenden Sie sich an die Verwaltung der Installation.',
  },
  'address-proven': {
    subject: 'Ihre Adresse für {{product}} ist bestätigt',
    intro:
      'Sie haben auf {{host}} bestätigt, dass diese Adresse Ihnen gehört. Jemand anderes hätte sie vorher registrieren können: Deshalb öffnet nichts, was bis dahin eingerichtet wurde, das Konto noch.',
    action: 'Zu meinem Konto',
    unasked:
      'Falls Sie das nicht waren, wenden Sie sich an die Verwaltung der Installation: Jemand liest Ihre E-Mails.',
  },
  'new-key': {
    subject: 'Ein API-Schlüssel für {{product}} wurde erstellt',
    intro:
      'Ihr Konto auf {{host}} hat einen neuen API-Schlüssel mit dem Namen „{{name}}“. Jedes Programm, das ihn hat, handelt als Sie, soweit der Schlüssel reicht.',
    action: 'Zu meinem Konto',
    unasked:
      'Falls Sie das nicht waren, entfernen Sie ihn sofort, wählen Sie ein neues Passwort, und wenden Sie sich an die Verwaltung der Installation.',
  },
  'new-github': {
    subject: 'GitHub wurde mit Ihrem Konto bei {{product}} verbunden',
    intro:
      'Ihr Konto auf {{host}} ist jetzt mit einem GitHub-Konto verbunden. Wer dieses hat, kann sich als Sie anmelden.',
    action: 'Zu meinem Konto',
    unasked:
      'Falls Sie das nicht waren, trennen Sie es sofort, wählen Sie ein neues Passwort, und wenden Sie sich an die Verwaltung der Installation.',
  },
  'new-passkey': {
    subject: 'Ein Passkey für {{product}} wurde hinzugefügt',
    intro:
      'Ihr Konto auf {{host}} hat einen neuen Passkey mit dem Namen „{{name}}“. Wer ihn hat, kann sich als Sie anmelden.',
    action: 'Zu meinem Konto',
    unasked:
      'Falls Sie das nicht waren, entfernen Sie ihn sofort, wählen Sie ein neues Passwort, und wenden Sie sich an die Verwaltung der Installation.',
  },
  'ended-totp': {
    subject: 'Für {{product}} brauchen Sie keinen Code mehr',
    intro: 'für Ihr Konto auf {{host}} wurde der zweite Faktor ausgeschaltet: Zum Anmelden genügt jetzt das Passwort.',
    action: 'Zu meinem Konto',
    unasked:
      'Falls Sie das nicht waren, wählen Sie sofort ein neues Passwort, und wenden Sie sich an die Verwaltung der Installation.',
  },
  'new-totp': {
    subject: 'Für {{product}} brauchen Sie jetzt einen Code',
    intro:
      'für Ihr Konto auf {{host}} wurde ein zweiter Faktor eingeschaltet: Zum Anmelden gehört jetzt auch ein Code aus Ihrer App.',
    action: 'Zu meinem Konto',
    unasked:
      'Falls Sie das nicht waren, wählen Sie sofort ein neues Passwort, und wenden Sie sich an die Verwaltung der Installation.',
  },
}
