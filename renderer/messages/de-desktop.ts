/** Was der Bildschirm nur im Fenster der Anwendung sagt. */
export const desktop = {
  unreachable:
    'Der Teil von Cloister, der im Hintergrund arbeitet, antwortet gerade nicht. Er wird neu gestartet; versuchen Sie es gleich noch einmal.',
  unauthorized: 'Cloister kennt dieses Fenster nicht mehr. Beenden Sie Cloister und öffnen Sie es wieder.',
  partFailed: 'Dieser Teil des Fensters konnte nicht geladen werden. Laden Sie ihn neu.',
  reload: 'Neu laden',
  system: 'Wie das System',
  starting:
    'Der Teil von Cloister, der im Hintergrund arbeitet, wurde beendet und wird neu gestartet. Nichts Gespeichertes geht verloren; es geht von selbst weiter.',
  failed: 'Der Teil von Cloister, der im Hintergrund arbeitet, lässt sich nicht starten. {{reason}}',
  safeMode: 'Cloister wurde mit Vorsicht gestartet. {{reason}}',
  notRead: 'Zu „{{project}}“ können keine Dateien hinzugefügt werden: Sie dürfen dort nur lesen.',
}
