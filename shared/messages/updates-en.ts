/** What updates of the desktop application say. */
export const updateErrors = {
  'update-unreachable':
    'The server with updates, {{host}}, could not be reached. Without a network there are no updates; Cloister works as before.',
  'update-unavailable': 'The server with updates does not hand out the file ({{status}}). Try again later.',
  'update-missing': 'There is no such version for this computer.',
  'update-unsigned':
    'What the server with updates sent was not signed by those who make Cloister. Nothing of it was installed. If this happens again, somebody may have meddled with it.',
  'update-damaged': 'The update arrived damaged and was thrown away. Try again.',
  'update-busy': 'Documents are being read or an answer is being written. The update waits until that is done.',
  'update-not-installed':
    'Version {{version}} could not be installed. Cloister goes on with the one it has, and nothing is missing. Try again, or install the new version over it by hand.',
  'update-none': 'This copy of Cloister knows no place for updates. Install a newer version over it by hand.',
}
