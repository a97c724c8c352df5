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
  'update-none': 'This copy of Cloister knows no place for updates. Install a newer version over it by hand.',
}

export const updates = {
  question: 'Look for updates once a day?',
  questionDetail:
    'Cloister then asks {{host}} which version is the newest, and says nothing about you or your documents. Each request stands in the ledger. You decide about each update. You can change this at any time.',
  yes: 'Look for Updates',
  no: 'No',
  offered: 'Cloister {{version}} is there; you have {{current}}.',
  noNotes: 'Its notes say nothing.',
  download: 'Download',
  skip: 'Skip This Version',
  later: 'Later',
  ready: 'Cloister {{version}} is ready to be installed.',
  readyDetail: 'Cloister closes, is replaced, and starts again. Your documents stay where they are.',
  install: 'Install and Restart',
  current: 'Cloister {{current}} is the newest version.',
  back: 'Go back to Cloister {{version}}?',
  backDetail:
    'A library that the newer version has changed may be closed to the older one. Make a backup first; a copy from before the change lies in the data folder under “backups”.',
  goBack: 'Go Back',
}
